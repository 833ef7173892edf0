// Calling an `event` handler: one call per message. An exception is what makes the host deliver a message again, or put it aside as poison.

import { attempt, begin } from "./entry.mjs";
import { CloudEvent } from "./event.mjs";
import { eventsOf } from "./shapes.mjs";

/** @typedef {import("./entry.mjs").Config} Config @typedef {import("./entry.mjs").Native} Native */
/** @typedef {{handler: Function, config: Config, done: Set<string>}} Batch whom to call, and what an earlier try of the same batch has done with */

/** @param {Function} handler @param {Config} config @param {import("./entry.mjs").Door} door */
export function bind(handler, config, door) {
  if (door.kind === "invoke") return invoked(handler, config);
  const deliver = door.whole ? together : oneByOne;
  const batch = { handler, config, done: new Set() };
  return async (/** @type {any} */ given, /** @type {Native} */ native) => {
    begin(given, native, config.function);
    await deliver(batch, eventsOf(config, door, given, native), native);
  };
}

/** Calls for each. The first failure ends it: a policy tries the batch again, and then goes on where it stopped. @param {Batch} batch @param {CloudEvent[]} events @param {Native} native */
async function oneByOne({ handler, config, done }, events, native) {
  if (attempt(native) === 1) forget(done, events);
  for (const event of events) {
    if (done.has(event.id)) continue;
    try {
      await handler(event, begin(event.native, native, config.function, about(event)));
    } catch (error) {
      console.error("event failed", error, { event_type: event.type, source: event.source, attempt: event.attempt });
      if (last(native)) forget(done, events);
      throw error;
    }
    if (events.length > 1) done.add(event.id);
  }
  forget(done, events);
}

/** @param {CloudEvent} event */
function about(event) {
  const carrier = /** @type {Record<string, any>} */ (event.extensions);
  return { carrier, fields: { event_id: event.id, ...(carrier.correlationid && { correlation_id: carrier.correlationid }) } };
}

/** Calls once with the list. The answer may name the events (or their ids) that failed: then all of it comes again. @param {Batch} batch @param {CloudEvent[]} events @param {Native} native */
async function together({ handler, config }, events, native) {
  const answer = (await handler(events, begin(events[0]?.native, native, config.function))) ?? [];
  const named = new Set(answer.map((/** @type {any} */ entry) => entry?.id ?? entry));
  const failed = events.map((event) => event.id).filter((id) => named.has(id));
  if (!failed.length) return;
  const error = new Error(`${failed.length} of ${events.length} failed: ${failed.slice(0, 5).join(", ")}`);
  throw Object.assign(error, { name: "Unfinished" });
}

/** @param {Set<string>} done @param {CloudEvent[]} events */
function forget(done, events) {
  for (const event of events) done.delete(event.id);
}

/** Whether the host will not try this batch again in this process. @param {Native} native */
function last(native) {
  const most = native.retryContext?.maxRetryCount;
  return most === undefined || (most >= 0 && attempt(native) > most);
}

/** @param {Function} handler @param {Config} config */
function invoked(handler, config) {
  return async (/** @type {import("@azure/functions").HttpRequest} */ request, /** @type {Native} */ native) => {
    const body = await request.text();
    const data = body.trim() ? JSON.parse(body) : null;
    const id = native.invocationId;
    const event = new CloudEvent({ id, source: `/${config.service}/${config.function}`, type: "fnctl.invoke", data, native: request });
    return { jsonBody: (await handler(event, begin(request, native, config.function, about(event)))) ?? null };
  };
}
