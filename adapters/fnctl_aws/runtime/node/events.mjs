// Calling an `event` handler on Lambda: one call per message, and what is told to Lambda about those that failed.

import { begin } from "./entry.mjs";
import { ITEM, envelope, kindOf, readRecord, readSingle, recordsOf } from "./shapes.mjs";

/** @typedef {import("./entry.mjs").Config} Config @typedef {import("./event.mjs").CloudEvent} CloudEvent */

/** @param {Function} author @param {Config} config @param {import("./entry.mjs").Spans | false} [spans] where calls are traced */
export function bind(author, config, spans) {
  const handler = spans ? spans.events(author, config) : author;
  const whole = new Set(config.triggers.filter((trigger) => trigger.whole).map((trigger) => trigger.kind));
  return async (/** @type {any} */ native, /** @type {any} */ context) => {
    begin(native, context);
    const records = recordsOf(native);
    if (!records) return single(handler, config, native, context);
    const kind = kindOf(records[0]);
    const read = (/** @type {any} */ record) => readRecord(config, kind, record);
    if (!(kind in ITEM)) return unanswered(handler, records.map(read), context);
    const failed = whole.has(kind)
      ? await together(handler, records.map(read), records.map(ITEM[kind]), native, context)
      : await oneByOne(handler, records, read, context);
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
  const carrier = /** @type {Record<string, any>} */ (event.extensions);
  const fields = { event_id: event.id, ...(carrier.correlationid && { correlation_id: carrier.correlationid }) };
  return handler(event, begin(event.native, context, { carrier, fields }));
}

/** @param {string} kind @param {CloudEvent | undefined} event @param {unknown} error */
function failure(kind, event, error) {
  if (event) console.error("event failed", error, { event_type: event.type, source: event.source, attempt: event.attempt });
  else console.error("event cannot be read", error, { kind });
}

/** The message group of a FIFO queue's message, "" for all else. @param {string} kind @param {any} record */
function group(kind, record) {
  const fifo = kind === "queue" && String(record.eventSourceARN ?? "").endsWith(".fifo");
  return fifo ? String(record.attributes?.MessageGroupId ?? "") : "";
}

/**
 * Delivers one record after the other; what cannot even be read fails alone. After a failure a stream is read again from that record by
 * itself, and a FIFO queue wants back what must not overtake it: the rest of its message group.
 * @param {Function} handler @param {any[]} records @param {(record: any) => CloudEvent} read @param {any} context
 */
async function oneByOne(handler, records, read, context) {
  const failed = [];
  const held = new Set();
  const kind = kindOf(records[0]);
  for (const record of records) {
    const [item, its] = [ITEM[kind](record), group(kind, record)];
    if (held.has(its)) {
      failed.push(item);
      continue;
    }
    let event;
    try {
      event = read(record);
      await deliver(handler, event, context);
    } catch (error) {
      failure(kind, event, error);
      if (kind !== "queue") return [item];
      failed.push(item);
      if (its) held.add(its);
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
      failure("", event, error);
      errors.push(error);
    }
  }
  if (errors.length) throw errors[0];
}
