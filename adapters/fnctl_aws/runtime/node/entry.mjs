// Lambda's way in: reads the baked configuration, sets up logs and secrets, imports the bundle and binds it to its interface.

import { enter, load, trace, traceId, traceparentOf } from "./invocation.mjs";
import { configure } from "./log.mjs";

/** @typedef {{service: string, stage: string, function: string, interface: string, file: string, name: string, source: string,
 *   secrets: string[], logs: {format: string, level: string}, routes: [string, string][],
 *   tracing: "otel" | null,
 *   idempotent: {key: (string | number)[] | null, ttl: number, lease: number, table: string, attribute: string, expires: string} | null,
 *   triggers: {kind: string, key: string, names: string[], whole: boolean}[]}} Config */

/** Read when it is wanted, and no other. @type {Record<string, () => Promise<{bind: Function}>>} */
const INTERFACES = { event: () => import("./events.mjs"), task: () => import("./tasks.mjs") };

/** Makes the function that Lambda calls, one call at a time. Runs once per environment. @param {URL} root the artifact's folder */
export async function start(root) {
  /** @type {Config} */
  const config = JSON.parse(process.getBuiltinModule("node:fs").readFileSync(new URL("_fnctl.json", root), "utf8"));
  if (config.logs.format === "json") {
    const fields = { service: config.service, stage: config.stage, function: config.function };
    configure({ level: config.logs.level, fields, stamp: process.env.AWS_LAMBDA_LOG_FORMAT === "JSON" });
  }
  if (config.secrets.length) await (await import("./secrets.mjs")).reveal(config.secrets, process.env);
  const ours = (INTERFACES[config.interface] ?? (() => import("./http.mjs")))(); // read while the bundle is
  const { target, api } = await load(root, config);
  const otel = config.tracing === "otel" && (await spans(api));
  const handle = (await ours).bind(await wrapped(target, config), config, otel);
  return otel ? otel.flushing(handle) : handle;
}

/**
 * What opens spans, where the bundle holds OpenTelemetry's API as `fnctl build` puts it there.
 * @typedef {{events: Function, tasks: Function, requests: Function, flushing: Function}} Spans
 * @param {unknown} api @returns {Promise<Spans | false>}
 */
async function spans(api) {
  if (!api) {
    console.error("no spans: `tracing: otel` needs @opentelemetry/api in the bundle");
    return false;
  }
  const { events, tasks, requests, flushing } = await import("./otel.mjs");
  return {
    events: events.bind(undefined, api),
    tasks: tasks.bind(undefined, api),
    requests: requests.bind(undefined, api),
    flushing: flushing.bind(undefined, api),
  };
}

/** @param {Function} target @param {Config} config */
async function wrapped(target, config) {
  const { idempotent } = config;
  if (!idempotent) return target;
  const [{ once }, { claims }] = await Promise.all([import("./once.mjs"), import("./claims.mjs")]);
  return once(target, { ...config, idempotent }, claims(idempotent, process.env));
}

/**
 * Notes the call that begins, for logs, and gives the author's view of it.
 * @param {any} event @param {any} context
 * @param {{carrier?: Record<string, any>, params?: Record<string, string>, fields?: Record<string, unknown>}} about
 *   `carrier` may hold `traceparent` and `tracestate`
 */
export function begin(event, context, { carrier = {}, params = {}, fields = {} } = {}) {
  const requestId = context?.awsRequestId ?? "";
  const xray = process.env._X_AMZN_TRACE_ID;
  const given = traceparentOf(carrier.traceparent);
  const invocation = {
    requestId,
    traceId: traceId(carrier.traceparent, xray),
    traceparent: given ?? traceparentOf(undefined, xray),
    tracestate: given && carrier.tracestate,
    fields,
  };
  enter(invocation);
  return {
    requestId,
    get traceId() {
      return invocation.traceId; // that of our own span, once there is one
    },
    correlationId: /** @type {string | undefined} */ (fields.correlation_id),
    params,
    trace: () => trace(invocation),
    remaining: () => context?.getRemainingTimeInMillis?.(),
    native: { event, context },
  };
}
