// The way in: reads the baked configuration, sets up logs and secrets, imports the bundles and registers each function with the host.
// Runs once per worker, while the host looks for functions. A bundle that cannot be imported is registered all the same: it fails when it is
// called, and its neighbours are not lost with it.

import { readFileSync } from "node:fs";
import { app, output } from "@azure/functions";
import { apart, current, enter, load, trace, traceId, traceparentOf } from "./invocation.mjs";
import { configure } from "./log.mjs";

/** @typedef {{name: string, kind: string, key: string, binding: Record<string, any> & {type: string}, retry?: Record<string, any>, whole?: boolean,
 *   data?: unknown, keys?: string[]}} Door */
/** @typedef {{service: string, stage: string, function: string, interface: string, file: string, name: string, source: string,
 *   routes: [string, string][], doors: Door[],
 *   idempotent?: {key: (string | number)[] | null, ttl: number, lease: number, table: string}}} Config */
/** @typedef {import("@azure/functions").InvocationContext} Native */

/** Read when it is wanted, and no other. @type {Record<string, () => Promise<{bind: Function}>>} */
const INTERFACES = { event: () => import("./events.mjs"), task: () => import("./tasks.mjs"), native: () => import("./native.mjs") };
const ROUTED = new Set(["http", "invoke"]);
const HTTP_ONLY = "FNCTL_HTTP_ONLY"; // set in a slot that has a part of the traffic: it takes no messages from the release that everybody else is on
const REFERENCE = "@Microsoft.KeyVault(";

/** Why functions cannot be called, by name: `fnctl build` asks. @type {Record<string, string>} */
export const failed = {};

/** Registers every function of the artifact. @param {URL} root its folder */
export async function start(root) {
  const config = JSON.parse(readFileSync(new URL("_fnctl.json", root), "utf8"));
  apart();
  if (config.logs.format === "json") {
    configure({ level: config.logs.level, fields: { service: config.service, stage: config.stage }, write });
  }
  const host = process.env.WEBSITE_HOSTNAME ?? ""; // its own address is nothing that a setting could hold
  for (const [name, path] of Object.entries(config.neighbours ?? {})) {
    process.env[name] ??= `${host.startsWith("127.0.0.1") ? "http" : "https"}://${host}${path}`;
  }
  for (const own of config.functions) {
    /** @type {Config} */
    const described = { service: config.service, stage: config.stage, ...own };
    if (process.env[HTTP_ONLY]) described.doors = described.doors.filter(({ kind }) => ROUTED.has(kind));
    for (const [door, handler] of await bound(root, described, config.secrets)) register(door, handler);
  }
}

/** A line goes to the host with the call that it is about, else to the worker's own output. @param {string} line @param {string} level */
function write(line, level) {
  const native = /** @type {any} */ (current())?.native;
  if (native) native[level](line.trimEnd());
  else process.stdout.write(line);
}

/** @param {URL} root @param {Config} config @param {string[]} secrets @returns {Promise<[Door, (...given: any[]) => any][]>} */
async function bound(root, config, secrets) {
  try {
    check(secrets);
    const { bind } = await (INTERFACES[config.interface] ?? (() => import("./http.mjs")))();
    const target = await wrapped((await load(root, config)).target, config);
    return config.doors.map((door) => [door, bind(target, config, door)]);
  } catch (error) {
    failed[config.function] = error instanceof Error ? error.message : String(error);
    return config.doors.map((door) => [door, () => Promise.reject(error)]);
  }
}

/** Lets a handler work once for each key. @param {Function} target @param {Config} config */
async function wrapped(target, config) {
  const { idempotent } = config;
  if (!idempotent) return target;
  const [{ once }, { claims }] = await Promise.all([import("./once.mjs"), import("./claims.mjs")]);
  return once(target, { ...config, idempotent }, claims(idempotent, process.env));
}

/** Sees that every secret has arrived: a reference that the platform could not follow is left as it stands. @param {string[]} names */
function check(names) {
  for (const name of names) {
    const value = process.env[name];
    if (value === undefined) throw new Error(`secret ${name} is not in the app's settings`);
    if (!value.startsWith(REFERENCE)) continue;
    throw new Error(`secret ${name} could not be read: the platform has left its Key Vault reference as it is; see the app's identity and its rights`);
  }
}

/** Registers one function: the same words as function.json has. @param {Door} door @param {(...given: any[]) => any} handler */
function register({ name, kind, binding, retry }, handler) {
  const options = { trigger: { ...binding, name: "trigger" }, handler, ...(retry && { retry: policy(retry) }) };
  app.generic(name, /** @type {any} */ (ROUTED.has(kind) ? { ...options, return: output.http({}) } : options));
}

/** @param {Record<string, any>} retry in seconds; the library counts milliseconds */
function policy({ strategy, maxRetryCount, delayInterval, minimumInterval, maximumInterval }) {
  const milliseconds = (/** @type {number | undefined} */ seconds) => seconds && seconds * 1000;
  if (strategy === "fixedDelay") return { strategy, maxRetryCount, delayInterval: milliseconds(delayInterval) };
  return { strategy, maxRetryCount, minimumInterval: milliseconds(minimumInterval), maximumInterval: milliseconds(maximumInterval) };
}

/** Counts tries under a retry policy, from 1. @param {Native} native */
export function attempt(native) {
  return (native.retryContext?.retryCount ?? 0) + 1;
}

/**
 * Notes the call that begins, for logs, and gives the author's view of it.
 * @param {unknown} event @param {Native} native @param {string} name
 * @param {{carrier?: Record<string, any>, params?: Record<string, string>, fields?: Record<string, unknown>}} about
 *   `carrier` may hold `traceparent` and `tracestate` of its own; else the host's count
 */
export function begin(event, native, name, { carrier = {}, params = {}, fields = {} } = {}) {
  const own = traceparentOf(carrier.traceparent);
  const given = own ?? traceparentOf(native.traceContext?.traceParent);
  const invocation = {
    requestId: native.invocationId,
    traceId: traceId(given),
    traceparent: given,
    tracestate: own ? carrier.tracestate : native.traceContext?.traceState || undefined,
    fields: { function: name, ...fields },
    native,
  };
  enter(invocation);
  return {
    requestId: invocation.requestId,
    traceId: invocation.traceId,
    correlationId: /** @type {string | undefined} */ (fields.correlation_id),
    params,
    trace: () => trace(invocation),
    remaining: () => undefined,
    native: { event, context: native },
  };
}
