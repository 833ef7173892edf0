// Calling a `task` handler on Lambda: a workflow's step, whose failure keeps its name as Lambda's `errorType`.

import { begin } from "./entry.mjs";
import { failure, read } from "./task.mjs";

/** @param {Function} handler @param {import("./entry.mjs").Config} config */
export function bind(handler, config) {
  return async (/** @type {any} */ native, /** @type {any} */ context) => {
    const [input, step] = read(native, { step: config.function, requestId: context?.awsRequestId ?? "" });
    const { compensation, ...fields } = step;
    return handler(input, { ...begin(native, context, { fields }), ...step, error: failure });
  };
}
