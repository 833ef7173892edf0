// What Lambda hands over, told apart and read as CloudEvents. Field lists: the event pages of the Lambda developer guide, 2026.

import { CloudEvent, fromStructured, isCloudEvent, message, timestamp } from "./event.mjs";
import { traceparentOf } from "./invocation.mjs";

/** @typedef {import("./entry.mjs").Config} Config @typedef {any} Native */

const KINDS = new Map([
  ["aws:sqs", "queue"],
  ["aws:sns", "topic"],
  ["aws:s3", "bucket"],
  ["aws:dynamodb", "table"],
  ["aws:kinesis", "stream"],
]);

/** Kinds of which Lambda can be told that a single message failed, and what it calls that message then. @type {Record<string, (record: Native) => string>} */
export const ITEM = {
  queue: (record) => record.messageId,
  table: (record) => record.dynamodb.SequenceNumber,
  stream: (record) => record.kinesis.sequenceNumber,
};

/**
 * Tells a payload of the platform's own making from one that somebody sent: `http`, `records`, `bus`, `schedule`, or undefined.
 * @param {Native} native
 */
export function envelope(native) {
  if (native === null || typeof native !== "object") return undefined;
  const request = native.requestContext;
  if (request && typeof request === "object" && ("httpMethod" in native || "http" in request)) return "http";
  if (recordsOf(native)) return "records";
  if (native.fnctl && typeof native.fnctl === "object" && "schedule" in native.fnctl) return "schedule";
  return "detail-type" in native && "source" in native ? "bus" : undefined;
}

/** The records of a batch of a known kind. @param {Native} native @returns {Native[] | undefined} */
export function recordsOf(native) {
  const records = native?.Records;
  return Array.isArray(records) && records.length && kindOf(records[0]) ? records : undefined;
}

/** The trigger kind of a record, "" when it is none of ours. @param {Native} record */
export function kindOf(record) {
  return KINDS.get(record?.eventSource ?? record?.EventSource) ?? "";
}

/** @param {Config} config @param {string} kind @param {Native} record */
export function readRecord(config, kind, record) {
  return READERS[kind](config, record);
}

/**
 * Reads a payload that is one event: a schedule's, a bus's, a CloudEvent as it is, or whatever an invocation sent.
 * @param {Config} config @param {Native} native @param {string} requestId
 */
export function readSingle(config, native, requestId) {
  const found = envelope(native);
  if (found === "schedule") return schedule(config, native.fnctl, native);
  if (found === "bus") return bus(config, native);
  if (isCloudEvent(native)) return fromStructured(native, { native });
  return new CloudEvent({ id: requestId, source: `/${config.service}/${config.function}`, type: "fnctl.invoke", data: native, native });
}

/** `/SERVICE/KIND/KEY` of the trigger that listens to what has this physical name. @param {Config} config @param {string} kind @param {string} physical */
function sourceOf(config, kind, physical) {
  const triggers = config.triggers.filter((trigger) => trigger.kind === kind);
  const named = triggers.find((trigger) => trigger.names.includes(physical)) ?? (triggers.length === 1 ? triggers[0] : undefined);
  return `/${config.service}/${kind}/${named ? named.key : physical}`;
}

/** @param {unknown} arn @param {string} separator */
function last(arn, separator) {
  return String(arn ?? "").split(separator).at(-1) ?? "";
}

const CARRIED = ["traceparent", "tracestate", "correlationid", "causationid"];

/**
 * What a sender put beside the message: the trace and the correlation, under their names in CloudEvents.
 * @param {Native} attributes @param {string} value @param {string} [xray]
 */
function carried(attributes, value, xray) {
  const found = CARRIED.map((name) => [name, attributes?.[name]?.[value]]);
  const given = Object.fromEntries(found.filter(([, text]) => text));
  const traceparent = given.traceparent ?? traceparentOf(undefined, xray);
  return traceparent ? { ...given, traceparent } : given;
}

/** @param {Config} config @param {Native} record */
function queue(config, record) {
  const { SentTimestamp: sent, MessageGroupId: subject, ApproximateReceiveCount: count = 1, AWSTraceHeader } = record.attributes ?? {};
  return message(record.body, {
    id: record.messageId,
    source: sourceOf(config, "queue", last(record.eventSourceARN, ":")),
    type: "fnctl.queue.message",
    subject,
    time: sent && timestamp(Number(sent)),
    extensions: carried(record.messageAttributes, "stringValue", AWSTraceHeader),
    attempt: Number(count),
    native: record,
  });
}

/** @param {Config} config @param {Native} record */
function topic(config, record) {
  const { Message: body, MessageId: id, Subject: subject, Timestamp: time, TopicArn: arn, MessageAttributes } = record.Sns;
  const source = sourceOf(config, "topic", last(arn, ":"));
  const extensions = carried(MessageAttributes, "Value");
  return message(body, { id, source, type: "fnctl.topic.message", subject: subject ?? undefined, time, extensions, native: record });
}

/** @param {Config} config @param {Native} record */
function bucket(config, record) {
  const { bucket: home, object } = record.s3;
  // The key is form-encoded in notifications (`a+b%2F1.png`), and only there.
  const key = decodeURIComponent(object.key.replaceAll("+", " "));
  const facts = { key, size: object.size ?? null, etag: object.eTag ?? null, version: object.versionId ?? null };
  return stored(config, home.name, facts, { sequencer: object.sequencer, name: record.eventName, time: record.eventTime, native: record });
}

/** @type {[start: string, word: string][]} */
const OBJECT_EVENTS = [
  ["ObjectCreated", "created"],
  ["Object Created", "created"],
  ["ObjectRemoved", "deleted"],
  ["LifecycleExpiration", "deleted"],
  ["Object Deleted", "deleted"],
];

/**
 * @param {Config} config @param {string} home
 * @param {{key: string, size: number | null, etag: string | null, version: string | null}} facts
 * @param {{sequencer?: string, name: string, time?: string, native: Native}} about
 */
function stored(config, home, facts, { sequencer, name, time, native }) {
  const what = OBJECT_EVENTS.find(([start]) => name.startsWith(start))?.[1] ?? "changed";
  const id = `${home}/${facts.key}@${sequencer ?? facts.version ?? facts.etag}`;
  const source = sourceOf(config, "bucket", home);
  return new CloudEvent({ id, source, type: `fnctl.bucket.${what}`, data: { bucket: home, ...facts }, subject: facts.key, time, native });
}

/** @param {Config} config @param {Native} record */
function table(config, record) {
  const { Keys, NewImage, OldImage, ApproximateCreationDateTime: created } = record.dynamodb;
  const keys = item(Keys);
  return new CloudEvent({
    id: record.eventID,
    source: sourceOf(config, "table", String(record.eventSourceARN ?? "").split(":table/").at(1)?.split("/")[0] ?? ""),
    type: "fnctl.table.changed",
    data: { change: record.eventName.toLowerCase(), keys, new: NewImage ? item(NewImage) : null, old: OldImage ? item(OldImage) : null },
    subject: Object.keys(keys).sort().map((name) => String(keys[name])).join("/"),
    time: created && timestamp(Number(created) * 1000),
    native: record,
  });
}

/** @param {Native} image @returns {Record<string, any>} */
function item(image) {
  return Object.fromEntries(Object.entries(image).map(([name, value]) => [name, attribute(value)]));
}

/** DynamoDB's `{"S": "x"}`. Numbers become number: 38 digits are in `event.native` for whoever needs them. @param {Native} typed @returns {any} */
function attribute(typed) {
  const [kind, value] = Object.entries(typed)[0];
  const read = ATTRIBUTES[kind];
  return read ? read(value) : value;
}

/** @param {string} text */
function bytes(text) {
  return new Uint8Array(Buffer.from(text, "base64"));
}

/** @type {Record<string, (value: any) => any>} */
const ATTRIBUTES = {
  N: Number,
  B: bytes,
  M: item,
  L: (values) => values.map(attribute),
  NS: (values) => values.map(Number),
  BS: (values) => values.map(bytes),
  NULL: () => null,
};

/** @param {Config} config @param {Native} record */
function stream(config, record) {
  const { data, partitionKey: subject, approximateArrivalTimestamp: arrived } = record.kinesis;
  return message(bytes(data), {
    id: record.eventID,
    source: sourceOf(config, "stream", last(record.eventSourceARN, "/")),
    type: "fnctl.stream.record",
    subject,
    time: arrived && timestamp(Number(arrived) * 1000),
    native: record,
  });
}

/** @type {Record<string, (config: Config, record: Native) => CloudEvent>} */
const READERS = { queue, topic, bucket, table, stream };

/** @param {Config} config @param {Native} native */
function bus(config, native) {
  const { id = "", source, "detail-type": type, detail, time, resources } = native;
  const about = resources?.[0];
  if (isCloudEvent(detail)) return fromStructured(detail, { transport: id, native });
  if (source === "aws.s3" && detail && config.triggers.some((trigger) => trigger.kind === "bucket")) return bucketOverBus(config, native);
  if (type === "Scheduled Event") return schedule(config, { schedule: last(about, "/"), time }, native);
  return new CloudEvent({ id, source, type, data: detail, subject: about, time, native });
}

/** @param {Config} config @param {Native} native */
function bucketOverBus(config, native) {
  const { bucket: home, object } = native.detail;
  const facts = { key: object.key, size: object.size ?? null, etag: object.etag ?? null, version: object["version-id"] ?? null };
  return stored(config, home.name, facts, { sequencer: object.sequencer, name: native["detail-type"], time: native.time, native });
}

/**
 * What our schedules send. The id is name and due time: the same for every attempt at one occasion.
 * @param {Config} config @param {{schedule: string, time?: string, id?: string, input?: unknown}} facts @param {Native} native
 */
function schedule(config, facts, native) {
  const source = sourceOf(config, "schedule", facts.schedule);
  const key = last(source, "/");
  let time = facts.time ?? "";
  if (!time || time.startsWith("<")) time = timestamp(Math.floor(Date.now() / 60_000) * 60_000); // a stand-in that fills in nothing
  const extensions = facts.id && !facts.id.startsWith("<") ? { executionid: facts.id } : {};
  const data = "input" in facts ? facts.input : { schedule: key, time };
  return new CloudEvent({ id: `${key}@${time}`, source, type: "fnctl.schedule", data, subject: key, time, extensions, native });
}
