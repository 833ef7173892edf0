// Which call is running: its request id, its trace and how long it may still take. Log lines read it here. And whom it calls: the bundle's handler.

/** @typedef {{requestId: string, traceId?: string, traceparent?: string, tracestate?: string, fields: Record<string, unknown>}} Invocation */

/** @type {import("node:async_hooks").AsyncLocalStorage<Invocation> | undefined} */
let running;

/** @type {Invocation | undefined} */
let latest;

/** Lets each call find its own, where a platform runs several in one process; every promise of the process costs more from the first on. */
export function apart() {
  const { AsyncLocalStorage } = process.getBuiltinModule("node:async_hooks");
  running = new AsyncLocalStorage();
}

/** @param {Invocation} invocation */
export function enter(invocation) {
  latest = invocation;
  running?.enterWith(invocation);
}

/** The running call; outside of any, the one that began last. */
export function current() {
  return running?.getStore() ?? latest;
}

/** @param {Invocation} [invocation] @returns {Record<string, string>} the headers that carry the trace and the correlation on */
export function trace(invocation = current()) {
  const { traceparent, tracestate, fields } = invocation ?? {};
  const carried = { traceparent, tracestate, "x-correlation-id": fields?.correlation_id };
  return /** @type {Record<string, string>} */ (Object.fromEntries(Object.entries(carried).filter(([, value]) => value)));
}

/**
 * A W3C `traceparent` (`00-<32 hex>-<16 hex>-<2 hex>`): the one given, else what an X-Ray header (`Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;
 * Sampled=1`) says. One without a parent names a trace and no place in it.
 * @param {unknown} given
 * @param {string} [xray]
 */
export function traceparentOf(given, xray) {
  const parts = typeof given === "string" ? given.split("-") : [];
  if (parts.length >= 4 && [2, 32, 16, 2].every((length, index) => parts[index].length === length)) return String(given);
  const { Root = "", Parent = "", Sampled } = said(xray);
  const trace = rootOf(Root);
  return trace && Parent.length === 16 ? `00-${trace}-${Parent}-0${Sampled === "1" ? 1 : 0}` : undefined;
}

/** The trace id of a `traceparent`, else of an X-Ray header. @param {unknown} given @param {string} [xray] */
export function traceId(given, xray) {
  return traceparentOf(given)?.split("-")[1] ?? rootOf(said(xray).Root ?? "");
}

/** @param {string | undefined} xray @returns {Record<string, string>} */
function said(xray) {
  return Object.fromEntries((xray ?? "").split(";").map((field) => [field.split("=")[0].trim(), field.slice(field.indexOf("=") + 1).trim()]));
}

/** @param {string} root */
function rootOf(root) {
  const trace = root.startsWith("1-") ? root.slice(2).replaceAll("-", "") : "";
  return trace.length === 32 ? trace : undefined;
}

/**
 * Imports the bundle; what it exports to open spans is `api`. A second file for this would cost each cold start half a millisecond.
 * @param {URL} root the artifact's folder
 * @param {{file: string, name: string, source: string}} config
 * @returns {Promise<{target: Function, api: unknown}>}
 */
export async function load(root, config) {
  let bundle;
  try {
    bundle = await import(new URL(config.file, root).href);
  } catch (error) {
    const told = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const failure = new Error(`cannot import ${config.source}: ${told}`, { cause: error });
    if (error instanceof Error) failure.stack = `${failure.message}\n${error.stack}`; // the author's frames, not ours
    throw failure;
  }
  const named = bundle[config.name] ?? bundle.default?.[config.name];
  const target = typeof named?.fetch === "function" ? named.fetch.bind(named) : named;
  if (typeof target !== "function") {
    throw new Error(`${config.source} exports no function ${config.name}: the manifest's \`handler\` is ${config.source}:${config.name}`);
  }
  return { target, api: bundle.fnctl_otel };
}
