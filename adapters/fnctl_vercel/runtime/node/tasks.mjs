// Calling a `task` handler on Vercel: a workflow's step over HTTP, whose failure keeps its name in the answer.

import { refusedCaller } from "./door.mjs";
import { begin, correlated } from "./entry.mjs";
import { decode } from "./event.mjs";
import { read, write } from "./http.mjs";
import { failure, read as stepOf } from "./task.mjs";

/** @typedef {import("./entry.mjs").Config} Config @typedef {import("./entry.mjs").Incoming} Incoming @typedef {import("./entry.mjs").Outgoing} Outgoing */

/** @param {Function} handler @param {Config} config */
export function bind(handler, config) {
  return async (/** @type {Incoming} */ incoming, /** @type {Outgoing} */ outgoing) => {
    await write(await answered(handler, config, await read(incoming)), outgoing);
  };
}

/**
 * Answers `{"value": ...}`, or `{"error": {"name", "message"}}` with 500: whoever asks has shown the secret.
 * @param {Function} handler @param {Config} config @param {import("./http.mjs").Parts} request
 */
async function answered(handler, config, request) {
  const { headers, native } = request;
  begin(config, headers, native);
  if (request.method !== "POST" || request.path !== config.door) return Response.json({ error: "not found" }, { status: 404 });
  const refused = refusedCaller(headers);
  if (refused) return refused;
  const [input, step] = stepOf(decode(request.body)[0], { step: config.function, requestId: request.id });
  const { compensation, ...fields } = step;
  const call = begin(config, headers, native, { fields: { ...correlated(headers), ...fields } });
  try {
    return Response.json({ value: (await handler(input, { ...call, ...step, error: failure })) ?? null });
  } catch (error) {
    console.error("step failed", error);
    const { name = "Error", message = String(error) } = error instanceof Error ? error : {};
    return Response.json({ error: { name, message } }, { status: 500 });
  }
}
