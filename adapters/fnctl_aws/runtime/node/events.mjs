// Calling an `event` handler on Lambda: one call per message, and what is told to Lambda about those that failed.

import { begin } from "./entry.mjs";
import { ITEM, envelope, kindOf, readRecord, readSingle, recordsOf } from "./shapes.mjs";

/** @typedef {import("./entry.mjs").Config} Config @typedef {import("./event.mjs").CloudEvent} CloudEvent */

/** @param {Function} handler @param {Config} config */
export function bind(handler, config) {
  const whole = new Set(config.triggers.filter((trigger) => trigger.whole).map((trigger) => trigger.kind));
  return async (/** @type {any} */ native, /** @type {any} */ context) => {
    begin(native, context);
    const records = recordsOf(native);
    if (!records) return single(handler, config, native, context);
    const kind = kindOf(records[0]);
    const events = records.map((record) => readRecord(config, kind, record));
    if (!(kind in ITEM)) return unanswered(handler, events, context);
    const items = records.map(ITEM[kind]);
    const failed = whole.has(kind)
      ? await together(handler, events, items, native, context)
      : await oneByOne(handler, events, items, context, policy(kind, records[0]));
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/** @param {Function} handler @param {Config} config @param {any} native @param {any} context */
async function single(handler, config, native, context) {
  if (envelope(native) === "http") throw new TypeError(`${config.function} is of interface \`event\`, and was sent an HTTP request`);
  const event = readSingle(config, native, context?.awsRequestId ?? "");
  const answer = await deliver(handler, event, context);
  return event.type === "fnctl.invoke" ? answer : undefined;
}

/** @param {Function} handler @param {CloudEvent} event @param {any} context */
function deliver(handler, event, context) {
  const { correlationid, traceparent } = /** @type {Record<string, any>} */ (event.extensions);
  const fields = { event_id: event.id, ...(correlationid && { correlation_id: correlationid }) };
  return handler(event, begin(event.native, context, { traceparent, fields }));
}

/** @param {CloudEvent} event @param {unknown} error */
function failure(event, error) {
  console.error("event failed", error, { event_type: event.type, source: event.source, attempt: event.attempt });
}

/**
 * What one failure means for the rest of its batch. `alone`: nothing. `rest`: a FIFO queue wants back every message that must not overtake
 * the failed one. `stop`: a stream is read again from the failed record by itself.
 * @param {string} kind @param {any} record
 */
function policy(kind, record) {
  if (kind !== "queue") return "stop";
  return String(record.eventSourceARN ?? "").endsWith(".fifo") ? "rest" : "alone";
}

/** @param {Function} handler @param {CloudEvent[]} events @param {string[]} items @param {any} context @param {string} spread */
async function oneByOne(handler, events, items, context, spread) {
  const failed = [];
  for (const [index, event] of events.entries()) {
    try {
      await deliver(handler, event, context);
    } catch (error) {
      failure(event, error);
      if (spread !== "alone") return spread === "rest" ? items.slice(index) : [items[index]];
      failed.push(items[index]);
    }
  }
  return failed;
}

/**
 * Calls once with the list. The answer may name the events (or their ids) that failed; an exception is for all of them.
 * @param {Function} handler @param {CloudEvent[]} events @param {string[]} items @param {any} native @param {any} context
 */
async function together(handler, events, items, native, context) {
  const answer = (await handler(events, begin(native, context))) ?? [];
  const named = new Set(answer.map((/** @type {any} */ entry) => entry?.id ?? entry));
  return items.filter((_item, index) => named.has(events[index].id));
}

/**
 * Delivers what came without anyone waiting: there is no partial answer, Lambda calls again with all of it and the same ids.
 * @param {Function} handler @param {CloudEvent[]} events @param {any} context
 */
async function unanswered(handler, events, context) {
  const errors = [];
  for (const event of events) {
    try {
      await deliver(handler, event, context);
    } catch (error) {
      failure(event, error);
      errors.push(error);
    }
  }
  if (errors.length) throw errors[0];
}
