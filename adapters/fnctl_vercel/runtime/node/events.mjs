// Calling an `event` handler on Vercel, whatever brought the event; the answer's status is the verdict. Messages are in `messages`, crons and
// Schedules in `clocks`.

import { begin } from "./entry.mjs";
import { read, write } from "./exchange.mjs";
import { failed } from "./request.mjs";

/** @typedef {import("./entry.mjs").Config} Config @typedef {import("./entry.mjs").Incoming} Incoming @typedef {import("./entry.mjs").Outgoing} Outgoing */
/** @typedef {import("./exchange.mjs").Parts} Parts @typedef {import("./event.mjs").CloudEvent} CloudEvent */

/**
 * Makes the function that hands each request to `take`.
 * @param {(handler: Function, config: Config, request: Parts) => Promise<Response>} take @param {Function} plain @param {Config} config
 * @param {import("./entry.mjs").Spans | false} [spans] where calls are traced
 */
export function serving(take, plain, config, spans) {
  const handler = spans ? spans.events(plain, config) : plain;
  return async (/** @type {Incoming} */ incoming, /** @type {Outgoing} */ outgoing) => {
    const request = await read(incoming);
    begin(config, request.headers, incoming);
    let response;
    try {
      response = await take(handler, config, request);
    } catch (error) {
      console.error("event failed", error, { method: request.method, path: request.path });
      response = failed(request.id);
    }
    await write(response, outgoing);
  };
}

/** @param {string} error @param {number} status */
export function refusal(error, status) {
  return Response.json({ error }, { status });
}

/** What the platform handed over. @param {Parts} request */
export function nativeOf(request) {
  return { headers: Object.fromEntries(request.headers), body: request.body };
}

/**
 * Calls the handler; tells whether it took the event.
 * @param {Function} handler @param {Config} config @param {Parts} request @param {CloudEvent} event
 */
export async function deliver(handler, config, request, event) {
  const carrier = /** @type {Record<string, any>} */ (event.extensions);
  const fields = { event_id: event.id, ...(carrier.correlationid && { correlation_id: carrier.correlationid }) };
  const whole = config.trigger?.whole;
  const call = begin(config, request.headers, event.native, whole ? {} : { carrier, fields }); // a batch is not about one event
  try {
    const answer = await handler(whole ? [event] : event, call);
    return !(whole && (answer ?? []).some((/** @type {any} */ entry) => (entry?.id ?? entry) === event.id));
  } catch (error) {
    console.error("event failed", error, { event_type: event.type, source: event.source, attempt: event.attempt });
    return false;
  }
}
