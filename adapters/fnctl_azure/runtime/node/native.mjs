// A `native` handler meets what the library hands over: the trigger, and the invocation's context.

import { begin } from "./entry.mjs";

/** @param {Function} handler @param {import("./entry.mjs").Config} config */
export function bind(handler, config) {
  return (/** @type {unknown} */ trigger, /** @type {import("./entry.mjs").Native} */ native) => {
    begin(trigger, native, config.function);
    return handler(trigger, native);
  };
}
