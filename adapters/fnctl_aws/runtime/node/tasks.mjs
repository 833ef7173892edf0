// Calling a `task` handler on Lambda: a workflow's step, whose failure keeps its name as Lambda's `errorType`.

import { begin } from "./entry.mjs";
import { failure, read } from "./task.mjs";

/**
 * @param {Function} author @param {import("./entry.mjs").Config} config
 * @param {import("./entry.mjs").Spans | false} [spans] where calls are traced
 */
export function bind(author, config, spans) {
  const handler = spans ? spans.tasks(author, config) : author;
  return async (/** @type {any} */ native, /** @type {any} */ context) => {
    const [input, step] = read(native, { step: config.function, requestId: context?.awsRequestId ?? "" });
    const { compensation, ...fields } = step;
    return handler(input, Object.assign(begin(native, context, { fields }), step, { error: failure }));
  };
}
