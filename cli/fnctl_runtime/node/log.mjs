// One JSON line per console.debug/info/warn/error, the same fields as in Python. console.log stays what it is.

import { current } from "./invocation.mjs";

const LEVELS = /** @type {const} */ ({ trace: 10, debug: 10, info: 20, warn: 30, warning: 30, error: 40, fatal: 50 });

/**
 * Makes the console write lines. `stamp` adds `timestamp`, the name under which AWS's log filter looks for the time. `write` hears the console's
 * own word for the level besides.
 * @param {{level: string, fields: Record<string, unknown>, stamp?: boolean,
 *   write?: (line: string, name: "debug" | "info" | "warn" | "error") => void}} options
 */
export function configure({ level, fields, stamp = false, write = (line) => process.stdout.write(line) }) {
  const least = LEVELS[/** @type {keyof typeof LEVELS} */ (level)] ?? LEVELS.info;
  for (const name of /** @type {const} */ (["debug", "info", "warn", "error"])) {
    console[name] = (/** @type {unknown[]} */ ...values) => {
      if (LEVELS[name] >= least) write(line(name.toUpperCase(), values, fields, stamp), name);
    };
  }
}

/** @param {string} level @param {unknown[]} values @param {Record<string, unknown>} fields @param {boolean} stamp */
function line(level, values, fields, stamp) {
  const time = new Date().toISOString();
  const rest = [...values];
  const extra = rest.length > 1 && isPlain(rest.at(-1)) ? /** @type {object} */ (rest.pop()) : {};
  const error = rest.find((value) => value instanceof Error);
  const told = rest.filter((value) => value !== error);
  const { format } = process.getBuiltinModule("node:util"); // an import of it would cost every start a millisecond
  const msg = told.length ? format(...told) : (error?.message ?? "");
  const fault = error && { error_type: error.name, error: error.message, stack: error.stack };
  const own = { time, ...(stamp && { timestamp: time }), level, msg, ...about(), ...fields, ...fault };
  return `${text({ ...own, ...extra, ...own })}\n`; // ours first, and not to be overwritten
}

function about() {
  const invocation = current();
  return invocation && { request_id: invocation.requestId, trace_id: invocation.traceId, ...invocation.fields };
}

/** @param {unknown} value */
function isPlain(value) {
  return value !== null && typeof value === "object" && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

/** @param {object} entry */
function text(entry) {
  const inside = new Set();
  return JSON.stringify(entry, (_key, value) => {
    if (typeof value === "bigint") return String(value);
    if (value === null || typeof value !== "object") return value;
    if (inside.has(value)) return "[seen above]"; // a circle must not lose the line
    inside.add(value);
    return value;
  });
}
