// Calling a `task` handler on Vercel: a workflow's step over HTTP, whose failure keeps its name in the answer.

import { refusedCaller } from "./door.mjs";
import { begin, correlated } from "./entry.mjs";
import { decode } from "./event.mjs";
import { nativeOf, refusal, serving } from "./events.mjs";
import { failure, read } from "./task.mjs";

/** @typedef {import("./entry.mjs").Config} Config @typedef {import("./exchange.mjs").Parts} Parts */

/** @param {Function} author @param {Config} config @param {import("./entry.mjs").Spans | false} [spans] where calls are traced */
export function bind(author, config, spans) {
  return serving(answered, spans ? spans.tasks(author, config) : author, config, false);
}

/**
 * Answers `{"value": ...}`, or `{"error": {"name", "message"}}` with 500: whoever asks has shown the secret.
 * @param {Function} handler @param {Config} config @param {Parts} request
 */
async function answered(handler, config, request) {
  if (request.method !== "POST" || request.path !== config.door) return refusal("not found", 404);
  const refused = refusedCaller(request.headers);
  if (refused) return refused;
  const [input, step] = read(decode(request.body)[0], { step: config.function, requestId: request.id });
  const { compensation, ...about } = step;
  const call = begin(config, request.headers, nativeOf(request), { fields: { ...correlated(request.headers), ...about } });
  try {
    return Response.json({ value: (await handler(input, Object.assign(call, step, { error: failure }))) ?? null });
  } catch (error) {
    console.error("step failed", error);
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return Response.json({ error: { name, message } }, { status: 500 });
  }
}
