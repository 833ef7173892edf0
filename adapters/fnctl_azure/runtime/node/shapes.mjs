// What the library hands over, read as CloudEvents: @azure/functions 4, 2026. Bodies of messages are bytes, names are in camel case.

import { attempt } from "./entry.mjs";
import { CloudEvent, fromStructured, isCloudEvent, message, timestamp } from "./event.mjs";

/** @typedef {import("./entry.mjs").Config} Config @typedef {import("./entry.mjs").Door} Door @typedef {import("./entry.mjs").Native} Native */
/** @typedef {any} Given */

const EARLY = 30_000; // a timer may fire a moment before its time; a due time further ahead is the next one, not this one
const OWN = ["_rid", "_self", "_etag", "_attachments", "_ts", "_lsn"]; // what Cosmos DB adds to every document
const CARRIED = ["traceparent", "tracestate", "correlationid", "causationid"];

/** `/SERVICE/KIND/KEY` of a trigger. @param {Config} config @param {Door} door */
function source(config, door) {
  return `/${config.service}/${door.kind}/${door.key}`;
}

/** @param {unknown} moment */
function when(moment) {
  const found = moment ? Date.parse(/([zZ]|[+-]\d\d:\d\d)$/.test(String(moment)) ? String(moment) : `${moment}Z`) : NaN;
  return Number.isNaN(found) ? undefined : timestamp(found);
}

/** @param {Config} config @param {Door} door @param {Given} given @param {Native} native */
function queue(config, door, given, native) {
  const about = /** @type {any} */ (native.triggerMetadata ?? {});
  if ("deliveryCount" in about) return serviceBus(config, door, given, native);
  return message(given, {
    id: String(about.id),
    source: source(config, door),
    type: "fnctl.queue.message",
    time: when(about.insertionTime),
    attempt: Number(about.dequeueCount ?? 1),
    native: given,
  });
}

/** @param {Config} config @param {Door} door @param {Given} given @param {Native} native */
function serviceBus(config, door, given, native) {
  const about = /** @type {any} */ (native.triggerMetadata ?? {});
  const topic = door.kind === "topic";
  return message(given, {
    id: String(about.messageId),
    source: source(config, door),
    type: topic ? "fnctl.topic.message" : "fnctl.queue.message",
    subject: about.sessionId ?? (topic ? (about.subject ?? about.label) : undefined) ?? undefined,
    time: when(about.enqueuedTimeUtc),
    extensions: carried(about.applicationProperties ?? about.userProperties),
    attempt: Number(about.deliveryCount ?? 1),
    native: given,
  });
}

/** The trace that a message's own properties carry. @param {any} properties */
function carried(properties) {
  return Object.fromEntries(CARRIED.filter((name) => properties?.[name]).map((name) => [name, properties[name]]));
}

/** @param {Config} config @param {Door} door @param {Given} given @param {Native} native */
function schedule(config, door, given, native) {
  const time = due(given?.scheduleStatus?.next, Date.now());
  const data = door.data ?? { schedule: door.key, time };
  const [id, home] = [`${door.key}@${time}`, source(config, door)];
  return new CloudEvent({ id, source: home, type: "fnctl.schedule", subject: door.key, time, data, attempt: attempt(native), native: given });
}

/** When a timer is due: the host knows it as `next` until the call is over; else it is this minute. @param {unknown} next @param {number} now */
function due(next, now) {
  const said = Date.parse(when(next) ?? "");
  const passed = said > 0 && said <= now + EARLY;
  const moment = passed ? said : Math.floor(now / 60_000) * 60_000;
  return timestamp(moment).replace(/\.\d+Z$/, "Z"); // in whole seconds, as other platforms do
}

/** Event Grid on a blob, in either of its schemas. `subject` is `/blobServices/default/containers/NAME/blobs/KEY`. @param {Config} config @param {Door} door @param {Given} given */
function bucket(config, door, given) {
  const [, place = ""] = String(given.subject).split("/containers/");
  const at = place.indexOf("/blobs/");
  const [container, key] = [place.slice(0, at), place.slice(at + "/blobs/".length)];
  const { eTag, sequencer, contentLength: size = null, blobVersion: version = null } = given.data ?? {};
  const etag = eTag?.replace(/^"(.*)"$/, "$1") || null; // with quotes in newer events, without in older ones
  const word = String(given.type ?? given.eventType);
  const what = word.endsWith("BlobCreated") ? "created" : word.endsWith("BlobDeleted") ? "deleted" : "changed";
  return new CloudEvent({
    id: `${container}/${key}@${sequencer ?? etag ?? given.id}`,
    source: source(config, door),
    type: `fnctl.bucket.${what}`,
    subject: key,
    time: given.time ?? given.eventTime,
    data: { bucket: container, key, size, etag, version },
    native: given,
  });
}

/** An event of a custom topic: a CloudEvent as itself, one of Event Grid's own schema by its names. @param {Config} config @param {Door} door @param {Given} given */
function bus(config, door, given) {
  if (isCloudEvent(given)) return fromStructured(given, { native: given });
  if (isCloudEvent(given.data)) return fromStructured(given.data, { transport: given.id, native: given });
  const { id, topic, eventType: type, subject, eventTime: time, data } = given;
  return new CloudEvent({ id, source: topic ?? source(config, door), type, subject, time, data, native: given });
}

/** A batch of Event Hubs: an id is partition and sequence number. @param {Config} config @param {Door} door @param {Given[]} given @param {Native} native */
function stream(config, door, given, native) {
  const about = /** @type {any} */ (native.triggerMetadata ?? {});
  return given.map((body, index) => {
    const { partitionKey, sequenceNumber, enqueuedTimeUtc } = about.systemPropertiesArray?.[index] ?? {};
    return message(body, {
      id: `${about.partitionContext?.partitionId ?? ""}:${sequenceNumber}`,
      source: source(config, door),
      type: "fnctl.stream.record",
      subject: partitionKey ?? undefined,
      time: when(enqueuedTimeUtc),
      extensions: carried(about.propertiesArray?.[index]),
      attempt: attempt(native),
      native: body,
    });
  });
}

/**
 * A batch of the change feed. It has the new state only, and does not say whether that was an insert.
 * @param {Config} config @param {Door} door @param {Given[]} given @param {Native} native
 */
function table(config, door, given, native) {
  return given.map((document) => {
    const keys = Object.fromEntries((door.keys ?? []).map((name) => [name, document[name]]));
    const item = Object.fromEntries(Object.entries(document).filter(([name]) => !OWN.includes(name)));
    return new CloudEvent({
      id: `${document.id}@${String(document._etag ?? "").replace(/^"(.*)"$/, "$1")}`,
      source: source(config, door),
      type: "fnctl.table.changed",
      subject: Object.keys(keys).sort().map((name) => String(keys[name])).join("/"),
      time: document._ts ? timestamp(document._ts * 1000) : undefined,
      data: { change: "modify", keys, new: item, old: null },
      attempt: attempt(native),
      native: document,
    });
  });
}

/** @type {Record<string, (config: Config, door: Door, given: Given, native: Native) => CloudEvent | CloudEvent[]>} */
const READERS = { queue, topic: serviceBus, schedule, bucket, bus, stream, table };

/** The events of one delivery. @param {Config} config @param {Door} door @param {Given} given @param {Native} native */
export function eventsOf(config, door, given, native) {
  return [READERS[door.kind](config, door, given, native)].flat();
}
