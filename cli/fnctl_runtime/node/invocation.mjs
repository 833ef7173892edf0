// Which call is running: its request id, its trace and how long it may still take. Log lines read it here.

/** @typedef {{requestId: string, traceId?: string, fields: Record<string, unknown>}} Invocation */

/** @type {Invocation | undefined} */
let running;

/** @param {Invocation} invocation */
export function enter(invocation) {
  running = invocation;
}

/** The running call, or the one that began last. */
export function current() {
  return running;
}

/**
 * The trace id of a W3C `traceparent` (`00-<32 hex>-...`), else of an X-Ray header (`Root=1-<8 hex>-<24 hex>;...`).
 * @param {string | null | undefined} traceparent
 * @param {string | undefined} xray
 */
export function traceId(traceparent, xray) {
  const parts = (traceparent ?? "").split("-");
  if (parts.length >= 4 && parts[1].length === 32) return parts[1];
  const root = (xray ?? "").split(";").find((field) => field.startsWith("Root=1-"));
  return root?.slice("Root=1-".length).replaceAll("-", "") || undefined;
}
