// Calling a `task` handler: an activity of Durable Functions. The host wraps the text of a failure, so its name travels inside a mark.

import { begin } from "./entry.mjs";
import { failure, read } from "./task.mjs";

const NAMED = Symbol("named by the handler");

/** @param {Function} handler @param {import("./entry.mjs").Config} config */
export function bind(handler, config) {
  return async (/** @type {any} */ given, /** @type {import("./entry.mjs").Native} */ native) => {
    const [input, step] = read(given, { step: config.function, requestId: native.invocationId });
    const { compensation, ...fields } = step;
    try {
      return (await handler(input, { ...begin(given, native, config.function, { fields }), ...step, error: named })) ?? null;
    } catch (error) {
      throw NAMED in Object(error) ? new Error(marked(error), { cause: error }) : error;
    }
  };
}

/** @param {string} name @param {string} [message] */
function named(name, message) {
  return Object.assign(failure(name, message), { [NAMED]: true });
}

/** Writes a failure so that a workflow's driver finds its name whatever the host puts around it. @param {any} error */
function marked({ name, message }) {
  const told = Buffer.from(JSON.stringify({ error: name, message })).toString("base64url");
  return `[fnctl:err:${told}:] ${name}: ${message}`;
}
