// Vercel's way in: reads the baked configuration, sets up logs, imports the bundle and makes a `(request, response)` function of it.

import { readFileSync } from "node:fs";
import { apart, enter, load, trace, traceId, traceparentOf } from "./invocation.mjs";
import { configure } from "./log.mjs";

/** @typedef {{service: string, stage: string, function: string, interface: string, file: string, name: string, source: string,
 *   secrets: string[], idempotent?: {key: (string | number)[] | null, ttl: number, lease: number, redis: string}, tracing: "otel" | null, calls: string[], timeout: number | null, logs: {format: string, level: string},
 *   routes: [string, string][],
 *   crons: Record<string, string>, door: string, trigger: Trigger | null}} Config */
/** @typedef {{kind: string, key: string, topic: string, whole: boolean, most: number | null, dead: string | null}} Trigger */
/** @typedef {import("node:http").IncomingMessage} Incoming @typedef {import("node:http").ServerResponse} Outgoing */

/** Makes the function that Vercel calls. Runs once per instance. @param {URL} root the function's folder */
export async function start(root) {
  /** @type {Config} */
  const config = JSON.parse(readFileSync(new URL("_fnctl.json", root), "utf8"));
  apart();
  if (config.logs.format === "json") {
    const theirs = { ...console }; // the platform's own, which know the call and the level
    const fields = { service: config.service, stage: config.stage, function: config.function };
    configure({ level: config.logs.level, fields, write: (line, name) => theirs[name](line.trimEnd()) });
  }
  secrets(config.secrets, process.env);
  addresses(config.calls, process.env);
  const ours = roomOf(config); // read while the bundle is
  const { target, api } = await load(root, config);
  const otel = config.tracing === "otel" && (await spans(api));
  const handle = (await ours).bind(config.idempotent ? await working(target, config, config.idempotent) : target, config, otel);
  return otel ? otel.flushing(handle) : handle;
}

/**
 * Lets a handler work once for each key.
 * @param {Function} target @param {Config} config @param {Required<Config>["idempotent"]} idempotent
 */
async function working(target, config, idempotent) {
  const [{ once }, { claims }] = await Promise.all([import("./once.mjs"), import("./claims.mjs")]);
  return once(target, { ...config, idempotent }, claims(idempotent, process.env));
}

/** Reads what is wanted, and no other. @param {Config} config @returns {Promise<{bind: Function}>} */
function roomOf({ interface: how, trigger }) {
  if (how === "task") return import("./tasks.mjs");
  if (how !== "event") return import("./http.mjs");
  return trigger && trigger.kind !== "schedule" ? import("./messages.mjs") : import("./clocks.mjs");
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

/**
 * Stops a start that would fail later: a project's variables are there from the beginning, or in the next deployment.
 * @param {string[]} names @param {NodeJS.ProcessEnv} env
 */
function secrets(names, env) {
  const missing = names.filter((name) => env[name] === undefined);
  if (missing.length) throw new Error(`secret ${missing.join(", ")} is not set in the project, or was set after this deployment`);
}

/**
 * Names the functions that this one calls: their address is the deployment's own, which only the platform knows; a sandbox has one of its own.
 * @param {string[]} names @param {NodeJS.ProcessEnv} env
 */
function addresses(names, env) {
  for (const name of env.VERCEL_URL ? names : []) env[name] ??= env.FNCTL_VERCEL_URL || `https://${env.VERCEL_URL}`;
}

/**
 * Notes the call that begins, for logs, and gives the author's view of it. `carrier` may hold a `traceparent` that is nearer than the request's.
 * @param {Config} config @param {Headers} headers @param {unknown} native
 * @param {{carrier?: Record<string, any>, params?: Record<string, string>, fields?: Record<string, unknown>}} about
 */
export function begin(config, headers, native, { carrier = {}, params = {}, fields = {} } = {}) {
  const nearer = traceparentOf(carrier.traceparent);
  const traceparent = nearer ?? traceparentOf(headers.get("traceparent"));
  const tracestate = traceparent && ((nearer ? carrier.tracestate : headers.get("tracestate")) ?? undefined);
  const invocation = { requestId: headers.get("x-vercel-id") ?? "", traceId: traceId(traceparent), traceparent, tracestate, fields };
  const deadline = config.timeout ? Date.now() + config.timeout * 1000 : undefined; // the platform tells Node of none
  enter(invocation);
  return {
    requestId: invocation.requestId,
    get traceId() {
      return invocation.traceId; // that of our own span, once there is one
    },
    correlationId: /** @type {string | undefined} */ (fields.correlation_id),
    params,
    trace: () => trace(invocation),
    remaining: () => deadline && Math.max(0, deadline - Date.now()),
    native: { event: native, context: undefined },
  };
}

/** What a request brings along of its correlation. @param {Headers} headers */
export function correlated(headers) {
  const correlation = headers.get("x-correlation-id");
  return correlation ? { correlation_id: correlation } : {};
}

/** Header fields as they came, repeated ones too. @param {Incoming} incoming */
export function headersOf(incoming) {
  const headers = new Headers();
  const raw = incoming.rawHeaders;
  for (let at = 0; at < raw.length; at += 2) if (!raw[at].startsWith(":")) headers.append(raw[at], raw[at + 1]);
  return headers;
}

/** The whole body; no request here is over 4.5 MB. @param {Incoming} incoming */
export async function bodyOf(incoming) {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(/** @type {Buffer} */ (chunk));
  return Buffer.concat(chunks);
}
