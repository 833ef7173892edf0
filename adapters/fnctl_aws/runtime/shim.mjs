// Made by scripts/shims from node/*.mjs here and in fnctl_runtime: change those.
var __defProp = Object.defineProperty;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __esm = (fn, res, err) => function __init() {
  if (err) throw err[0];
  try {
    return fn && (res = (0, fn[__getOwnPropNames(fn)[0]])(fn = 0)), res;
  } catch (e) {
    throw err = [e], e;
  }
};
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};

// invocation.mjs
import { AsyncLocalStorage } from "node:async_hooks";
function enter(invocation) {
  latest = invocation;
  running.enterWith(invocation);
}
function current() {
  return running.getStore() ?? latest;
}
function trace(invocation = current()) {
  const { traceparent, tracestate, fields } = invocation ?? {};
  const carried3 = { traceparent, tracestate, "x-correlation-id": fields?.correlation_id };
  return (
    /** @type {Record<string, string>} */
    Object.fromEntries(Object.entries(carried3).filter(([, value]) => value))
  );
}
function traceparentOf(given, xray) {
  const parts2 = typeof given === "string" ? given.split("-") : [];
  if (parts2.length >= 4 && [2, 32, 16, 2].every((length, index) => parts2[index].length === length)) return String(given);
  const { Root = "", Parent = "", Sampled } = said(xray);
  const trace2 = rootOf(Root);
  return trace2 && Parent.length === 16 ? `00-${trace2}-${Parent}-0${Sampled === "1" ? 1 : 0}` : void 0;
}
function traceId(given, xray) {
  return traceparentOf(given)?.split("-")[1] ?? rootOf(said(xray).Root ?? "");
}
function said(xray) {
  return Object.fromEntries((xray ?? "").split(";").map((field) => [field.split("=")[0].trim(), field.slice(field.indexOf("=") + 1).trim()]));
}
function rootOf(root) {
  const trace2 = root.startsWith("1-") ? root.slice(2).replaceAll("-", "") : "";
  return trace2.length === 32 ? trace2 : void 0;
}
async function load(root, config) {
  let bundle;
  try {
    bundle = await import(new URL(config.file, root).href);
  } catch (error) {
    const told = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const failure3 = new Error(`cannot import ${config.source}: ${told}`, { cause: error });
    if (error instanceof Error) failure3.stack = `${failure3.message}
${error.stack}`;
    throw failure3;
  }
  const named = bundle[config.name] ?? bundle.default?.[config.name];
  const target = typeof named?.fetch === "function" ? named.fetch.bind(named) : named;
  if (typeof target !== "function") {
    throw new Error(`${config.source} exports no function ${config.name}: the manifest's \`handler\` is ${config.source}:${config.name}`);
  }
  return { target, api: bundle.fnctl_otel };
}
var running, latest;
var init_invocation = __esm({
  "invocation.mjs"() {
    running = new AsyncLocalStorage();
  }
});

// log.mjs
function configure({ level, fields, stamp = false, write: write2 = (line2) => process.stdout.write(line2) }) {
  const least = LEVELS[
    /** @type {keyof typeof LEVELS} */
    level
  ] ?? LEVELS.info;
  for (
    const name of
    /** @type {const} */
    ["debug", "info", "warn", "error"]
  ) {
    console[name] = (...values) => {
      if (LEVELS[name] >= least) write2(line(name.toUpperCase(), values, fields, stamp), name);
    };
  }
}
function line(level, values, fields, stamp) {
  const time = (/* @__PURE__ */ new Date()).toISOString();
  const rest = [...values];
  const extra = rest.length > 1 && isPlain(rest.at(-1)) ? (
    /** @type {object} */
    rest.pop()
  ) : {};
  const error = rest.find((value) => value instanceof Error);
  const told = rest.filter((value) => value !== error);
  const { format } = process.getBuiltinModule("node:util");
  const msg = told.length ? format(...told) : error?.message ?? "";
  const fault = error && { error_type: error.name, error: error.message, stack: error.stack };
  const own = { time, ...stamp && { timestamp: time }, level, msg, ...about(), ...fields, ...fault };
  return `${text({ ...own, ...extra, ...own })}
`;
}
function about() {
  const invocation = current();
  return invocation && { request_id: invocation.requestId, trace_id: invocation.traceId, ...invocation.fields };
}
function isPlain(value) {
  return value !== null && typeof value === "object" && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}
function text(entry) {
  const inside = /* @__PURE__ */ new Set();
  return JSON.stringify(entry, (_key, value) => {
    if (typeof value === "bigint") return String(value);
    if (value === null || typeof value !== "object") return value;
    if (inside.has(value)) return "[seen above]";
    inside.add(value);
    return value;
  });
}
var LEVELS;
var init_log = __esm({
  "log.mjs"() {
    init_invocation();
    LEVELS = /** @type {const} */
    { trace: 10, debug: 10, info: 20, warn: 30, warning: 30, error: 40, fatal: 50 };
  }
});

// event.mjs
function uuid5(name) {
  const { createHash } = process.getBuiltinModule("node:crypto");
  const hash = createHash("sha1").update(NAMESPACE_URL).update(name).digest().subarray(0, 16);
  hash[6] = hash[6] & 15 | 80;
  hash[8] = hash[8] & 63 | 128;
  return hash.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
function isCloudEvent(value) {
  if (value === null || typeof value !== "object" || value.specversion !== "1.0") return false;
  if ("data_base64" in value && !(typeof value.data_base64 === "string" && BASE64.test(value.data_base64))) return false;
  return ["id", "source", "type"].every((name) => typeof value[name] === "string" && value[name] !== "");
}
function fromStructured(value, { transport, attempt, native } = {}) {
  const extensions = Object.fromEntries(Object.entries(value).filter(([name]) => !CORE.has(name)));
  if (transport !== void 0) extensions.transportid ??= transport;
  const data = "data_base64" in value ? new Uint8Array(Buffer.from(value.data_base64, "base64")) : value.data ?? null;
  const { id, source, type, subject, time, datacontenttype } = value;
  return new CloudEvent({ id, source, type, subject, time, datacontenttype, data, extensions, attempt, native });
}
function decode(body) {
  let text4 = body;
  if (typeof text4 !== "string") {
    try {
      text4 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text4);
    } catch {
      return [body, "application/octet-stream"];
    }
  }
  try {
    return [JSON.parse(text4), "application/json"];
  } catch {
    return [text4, "text/plain"];
  }
}
function message(body, envelope2) {
  const [data, datacontenttype] = decode(body);
  if (isCloudEvent(data)) {
    const event = fromStructured(data, { transport: envelope2.id, attempt: envelope2.attempt, native: envelope2.native });
    event.extensions = { ...envelope2.extensions, ...event.extensions };
    return event;
  }
  return new CloudEvent({ ...envelope2, data, datacontenttype });
}
function timestamp(milliseconds) {
  return new Date(milliseconds).toISOString();
}
var CORE, CloudEvent, NAMESPACE_URL, BASE64;
var init_event = __esm({
  "event.mjs"() {
    init_invocation();
    CORE = /* @__PURE__ */ new Set(["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data", "data_base64"]);
    CloudEvent = class _CloudEvent {
      /**
       * @param {{id: string, source: string, type: string, data?: unknown, subject?: string, time?: string, datacontenttype?: string,
       *   extensions?: Record<string, unknown>, attempt?: number, native?: unknown}} attributes
       */
      constructor(attributes) {
        this.specversion = "1.0";
        this.id = attributes.id;
        this.source = attributes.source;
        this.type = attributes.type;
        this.subject = attributes.subject;
        this.time = attributes.time;
        this.datacontenttype = attributes.datacontenttype ?? "application/json";
        this.data = attributes.data;
        this.extensions = attributes.extensions ?? {};
        this.attempt = attributes.attempt ?? 1;
        this.native = attributes.native;
      }
      /** The structured form: what to send when this event is to arrive elsewhere as itself. */
      toJSON() {
        const { specversion, id, source, type, subject, time, datacontenttype, data } = this;
        const head = { specversion, id, source, type, subject, time, ...this.extensions, datacontenttype };
        return data instanceof Uint8Array ? { ...head, data_base64: Buffer.from(data).toString("base64") } : { ...head, data };
      }
      /**
       * The event that this one leads to. Its id is derived from this event's, so that handling a redelivery sends the same event again; `name`
       * keeps two of one type apart. It carries the chain's correlation, this event's id as its cause, and the trace.
       * @param {string} type @param {unknown} data @param {{source?: string, name?: string, subject?: string}} about
       */
      follow(type, data, { source = this.source, name = "", subject } = {}) {
        const { "x-correlation-id": _ours, ...carried3 } = trace();
        const extensions = { correlationid: this.extensions.correlationid ?? this.id, causationid: this.id, ...carried3 };
        const id = uuid5([this.source, this.id, type, name].join("\n"));
        return new _CloudEvent({ id, source, type, data, subject, time: timestamp(Date.now()), extensions });
      }
    };
    NAMESPACE_URL = Buffer.from("6ba7b8119dad11d180b400c04fd430c8", "hex");
    BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  }
});

// shapes.mjs
function envelope(native) {
  if (native === null || typeof native !== "object") return void 0;
  const request = native.requestContext;
  if (request && typeof request === "object" && ("httpMethod" in native || "http" in request)) return "http";
  if (recordsOf(native)) return "records";
  if (native.fnctl && typeof native.fnctl === "object" && "schedule" in native.fnctl) return "schedule";
  return "detail-type" in native && "source" in native ? "bus" : void 0;
}
function recordsOf(native) {
  const records = native?.Records;
  return Array.isArray(records) && records.length && kindOf(records[0]) ? records : void 0;
}
function kindOf(record) {
  return KINDS.get(record?.eventSource ?? record?.EventSource) ?? "";
}
function readRecord(config, kind, record) {
  return READERS[kind](config, record);
}
function readSingle(config, native, requestId) {
  const found = envelope(native);
  if (found === "schedule") return schedule(config, native.fnctl, native);
  if (found === "bus") return bus(config, native);
  if (isCloudEvent(native)) return fromStructured(native, { native });
  return new CloudEvent({ id: requestId, source: `/${config.service}/${config.function}`, type: "fnctl.invoke", data: native, native });
}
function sourceOf(config, kind, physical) {
  const triggers = config.triggers.filter((trigger) => trigger.kind === kind);
  const named = triggers.find((trigger) => trigger.names.includes(physical)) ?? (triggers.length === 1 ? triggers[0] : void 0);
  return `/${config.service}/${kind}/${named ? named.key : physical}`;
}
function last(arn, separator) {
  return String(arn ?? "").split(separator).at(-1) ?? "";
}
function carried(attributes, value, xray) {
  const found = CARRIED.map((name) => [name, attributes?.[name]?.[value]]);
  const given = Object.fromEntries(found.filter(([, text4]) => text4));
  const traceparent = given.traceparent ?? traceparentOf(void 0, xray);
  return traceparent ? { ...given, traceparent } : given;
}
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
    native: record
  });
}
function topic(config, record) {
  const { Message: body, MessageId: id, Subject: subject, Timestamp: time, TopicArn: arn, MessageAttributes } = record.Sns;
  const source = sourceOf(config, "topic", last(arn, ":"));
  const extensions = carried(MessageAttributes, "Value");
  return message(body, { id, source, type: "fnctl.topic.message", subject: subject ?? void 0, time, extensions, native: record });
}
function bucket(config, record) {
  const { bucket: home, object } = record.s3;
  const key = decodeURIComponent(object.key.replaceAll("+", " "));
  const facts = { key, size: object.size ?? null, etag: object.eTag ?? null, version: object.versionId ?? null };
  return stored(config, home.name, facts, { sequencer: object.sequencer, name: record.eventName, time: record.eventTime, native: record });
}
function stored(config, home, facts, { sequencer, name, time, native }) {
  const what = OBJECT_EVENTS.find(([start2]) => name.startsWith(start2))?.[1] ?? "changed";
  const id = `${home}/${facts.key}@${sequencer ?? facts.version ?? facts.etag}`;
  const source = sourceOf(config, "bucket", home);
  return new CloudEvent({ id, source, type: `fnctl.bucket.${what}`, data: { bucket: home, ...facts }, subject: facts.key, time, native });
}
function table(config, record) {
  const { Keys, NewImage, OldImage, ApproximateCreationDateTime: created } = record.dynamodb;
  const keys = item(Keys);
  return new CloudEvent({
    id: record.eventID,
    source: sourceOf(config, "table", String(record.eventSourceARN ?? "").split(":table/").at(1)?.split("/")[0] ?? ""),
    type: "fnctl.table.changed",
    data: { change: record.eventName.toLowerCase(), keys, new: NewImage ? item(NewImage) : null, old: OldImage ? item(OldImage) : null },
    subject: Object.keys(keys).sort().map((name) => String(keys[name])).join("/"),
    time: created && timestamp(Number(created) * 1e3),
    native: record
  });
}
function item(image) {
  return Object.fromEntries(Object.entries(image).map(([name, value]) => [name, attribute(value)]));
}
function attribute(typed) {
  const [kind, value] = Object.entries(typed)[0];
  const read4 = ATTRIBUTES[kind];
  return read4 ? read4(value) : value;
}
function bytes(text4) {
  return new Uint8Array(Buffer.from(text4, "base64"));
}
function stream(config, record) {
  const { data, partitionKey: subject, approximateArrivalTimestamp: arrived } = record.kinesis;
  return message(bytes(data), {
    id: record.eventID,
    source: sourceOf(config, "stream", last(record.eventSourceARN, "/")),
    type: "fnctl.stream.record",
    subject,
    time: arrived && timestamp(Number(arrived) * 1e3),
    native: record
  });
}
function bus(config, native) {
  const { id = "", source, "detail-type": type, detail, time, resources } = native;
  const about2 = resources?.[0];
  if (isCloudEvent(detail)) return fromStructured(detail, { transport: id, native });
  if (source === "aws.s3" && detail && config.triggers.some((trigger) => trigger.kind === "bucket")) return bucketOverBus(config, native);
  if (type === "Scheduled Event") return schedule(config, { schedule: last(about2, "/"), time }, native);
  return new CloudEvent({ id, source, type, data: detail, subject: about2, time, native });
}
function bucketOverBus(config, native) {
  const { bucket: home, object } = native.detail;
  const facts = { key: object.key, size: object.size ?? null, etag: object.etag ?? null, version: object["version-id"] ?? null };
  return stored(config, home.name, facts, { sequencer: object.sequencer, name: native["detail-type"], time: native.time, native });
}
function schedule(config, facts, native) {
  const source = sourceOf(config, "schedule", facts.schedule);
  const key = last(source, "/");
  let time = facts.time ?? "";
  if (!time || time.startsWith("<")) time = timestamp(Math.floor(Date.now() / 6e4) * 6e4);
  const extensions = facts.id && !facts.id.startsWith("<") ? { executionid: facts.id } : {};
  const data = "input" in facts ? facts.input : { schedule: key, time };
  return new CloudEvent({ id: `${key}@${time}`, source, type: "fnctl.schedule", data, subject: key, time, extensions, native });
}
var KINDS, ITEM, CARRIED, OBJECT_EVENTS, ATTRIBUTES, READERS;
var init_shapes = __esm({
  "shapes.mjs"() {
    init_event();
    init_invocation();
    KINDS = /* @__PURE__ */ new Map([
      ["aws:sqs", "queue"],
      ["aws:sns", "topic"],
      ["aws:s3", "bucket"],
      ["aws:dynamodb", "table"],
      ["aws:kinesis", "stream"]
    ]);
    ITEM = {
      queue: (record) => record.messageId,
      table: (record) => record.dynamodb.SequenceNumber,
      stream: (record) => record.kinesis.sequenceNumber
    };
    CARRIED = ["traceparent", "tracestate", "correlationid", "causationid"];
    OBJECT_EVENTS = [
      ["ObjectCreated", "created"],
      ["Object Created", "created"],
      ["ObjectRemoved", "deleted"],
      ["LifecycleExpiration", "deleted"],
      ["Object Deleted", "deleted"]
    ];
    ATTRIBUTES = {
      N: Number,
      B: bytes,
      M: item,
      L: (values) => values.map(attribute),
      NS: (values) => values.map(Number),
      BS: (values) => values.map(bytes),
      NULL: () => null
    };
    READERS = { queue, topic, bucket, table, stream };
  }
});

// events.mjs
var events_exports = {};
__export(events_exports, {
  bind: () => bind
});
function bind(author, config, spans2) {
  const handler2 = spans2 ? spans2.events(author, config) : author;
  const whole2 = new Set(config.triggers.filter((trigger) => trigger.whole).map((trigger) => trigger.kind));
  return async (native, context) => {
    begin(native, context);
    const records = recordsOf(native);
    if (!records) return single(handler2, config, native, context);
    const kind = kindOf(records[0]);
    const read4 = (record) => readRecord(config, kind, record);
    if (!(kind in ITEM)) return unanswered(handler2, records.map(read4), context);
    const failed2 = whole2.has(kind) ? await together(handler2, records.map(read4), records.map(ITEM[kind]), native, context) : await oneByOne(handler2, records, read4, context);
    return { batchItemFailures: failed2.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}
async function single(handler2, config, native, context) {
  if (envelope(native) === "http") throw new TypeError(`${config.function} is of interface \`event\`, and was sent an HTTP request`);
  const event = readSingle(config, native, context?.awsRequestId ?? "");
  const answer2 = await deliver(handler2, event, context);
  return event.type === "fnctl.invoke" ? answer2 : void 0;
}
function deliver(handler2, event, context) {
  const carrier = (
    /** @type {Record<string, any>} */
    event.extensions
  );
  const fields = { event_id: event.id, ...carrier.correlationid && { correlation_id: carrier.correlationid } };
  return handler2(event, begin(event.native, context, { carrier, fields }));
}
function failure(kind, event, error) {
  if (event) console.error("event failed", error, { event_type: event.type, source: event.source, attempt: event.attempt });
  else console.error("event cannot be read", error, { kind });
}
function group(kind, record) {
  const fifo = kind === "queue" && String(record.eventSourceARN ?? "").endsWith(".fifo");
  return fifo ? String(record.attributes?.MessageGroupId ?? "") : "";
}
async function oneByOne(handler2, records, read4, context) {
  const failed2 = [];
  const held = /* @__PURE__ */ new Set();
  const kind = kindOf(records[0]);
  for (const record of records) {
    const [item2, its] = [ITEM[kind](record), group(kind, record)];
    if (held.has(its)) {
      failed2.push(item2);
      continue;
    }
    let event;
    try {
      event = read4(record);
      await deliver(handler2, event, context);
    } catch (error) {
      failure(kind, event, error);
      if (kind !== "queue") return [item2];
      failed2.push(item2);
      if (its) held.add(its);
    }
  }
  return failed2;
}
async function together(handler2, events2, items, native, context) {
  const answer2 = await handler2(events2, begin(native, context)) ?? [];
  const named = new Set(answer2.map((entry) => entry?.id ?? entry));
  return items.filter((_item, index) => named.has(events2[index].id));
}
async function unanswered(handler2, events2, context) {
  const errors = [];
  for (const event of events2) {
    try {
      await deliver(handler2, event, context);
    } catch (error) {
      failure("", event, error);
      errors.push(error);
    }
  }
  if (errors.length) throw errors[0];
}
var init_events = __esm({
  "events.mjs"() {
    init_entry();
    init_shapes();
  }
});

// task.mjs
function read(payload, { step, requestId }) {
  const about2 = payload?.fnctl;
  if (!about2?.key) return [payload, { run: requestId, step, key: requestId, attempt: 1, compensation: false }];
  const { run = "", key, attempt = 0, compensation = false } = about2;
  return [payload.input ?? null, { run, step: about2.step ?? step, key, attempt: Number(attempt) + 1, compensation: Boolean(compensation) }];
}
function failure2(name, message2 = "") {
  return Object.assign(new Error(message2), { name });
}
var init_task = __esm({
  "task.mjs"() {
  }
});

// tasks.mjs
var tasks_exports = {};
__export(tasks_exports, {
  bind: () => bind2
});
function bind2(author, config, spans2) {
  const handler2 = spans2 ? spans2.tasks(author, config) : author;
  return async (native, context) => {
    const [input, step] = read(native, { step: config.function, requestId: context?.awsRequestId ?? "" });
    const { compensation, ...fields } = step;
    return handler2(input, Object.assign(begin(native, context, { fields }), step, { error: failure2 }));
  };
}
var init_tasks = __esm({
  "tasks.mjs"() {
    init_entry();
    init_task();
  }
});

// calls.mjs
async function ask(service, target, asked, env, version = "1.1") {
  if (!env.AWS_ACCESS_KEY_ID || !env.AWS_SECRET_ACCESS_KEY) throw new CallError("no AWS credentials in the environment");
  const body = JSON.stringify(asked);
  let failure3 = new CallError("");
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (attempt) await new Promise((resolve) => setTimeout(resolve, 100 * 3 ** attempt / 3));
    try {
      const response = await post(service, target, body, env, version);
      const answer2 = JSON.parse(await response.text() || "{}");
      if (response.status === 200) return answer2;
      const kind = String(answer2.__type ?? "").split("#").at(-1) ?? "";
      failure3 = new CallError(`${response.status} ${kind}: ${answer2.message ?? answer2.Message ?? ""}`, kind, answer2);
      if (response.status < 500 && !LATER.has(kind)) break;
    } catch (error) {
      const { message: message2, cause } = (
        /** @type {Error} */
        error
      );
      failure3 = new CallError(cause instanceof Error ? `${message2}: ${cause.message}` : message2);
    }
  }
  throw failure3;
}
function post(service, target, body, env, version) {
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? "us-east-1";
  const url = new URL(endpoint(service, region, env));
  const headers = signedHeaders(env, { service, region, host: url.host, target, body, now: /* @__PURE__ */ new Date(), version });
  return fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(TIMEOUT) });
}
function endpoint(service, region, env) {
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return env[`AWS_ENDPOINT_URL_${SDK_NAMES[service]}`] || env.AWS_ENDPOINT_URL || `https://${service}.${region}.${suffix}`;
}
function signedHeaders(env, { service, region, host, target, body, now, version }) {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key, AWS_SESSION_TOKEN: token } = env;
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const headers = { "content-type": `application/x-amz-json-${version}`, host, "x-amz-date": stamp, "x-amz-target": target };
  if (token) headers["x-amz-security-token"] = token;
  const names = Object.keys(headers).sort();
  const signed = names.join(";");
  const canonical = `POST
/

${names.map((name) => `${name}:${headers[name]}
`).join("")}
${signed}
${sha256(body)}`;
  const scope = [stamp.slice(0, 8), region, service, "aws4_request"];
  const secretKey = scope.reduce((part, word) => crypto().createHmac("sha256", part).update(word).digest(), `AWS4${key}`);
  const text4 = `AWS4-HMAC-SHA256
${stamp}
${scope.join("/")}
${sha256(canonical)}`;
  const signature = crypto().createHmac("sha256", secretKey).update(text4).digest("hex");
  delete headers.host;
  return { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${id}/${scope.join("/")}, SignedHeaders=${signed}, Signature=${signature}` };
}
function sha256(text4) {
  return crypto().createHash("sha256").update(text4).digest("hex");
}
var crypto, ATTEMPTS, TIMEOUT, LATER, SDK_NAMES, CallError;
var init_calls = __esm({
  "calls.mjs"() {
    crypto = () => process.getBuiltinModule("node:crypto");
    ATTEMPTS = 4;
    TIMEOUT = 2e3;
    LATER = /* @__PURE__ */ new Set([
      ...["ThrottlingException", "TooManyUpdates", "InternalServerError", "InternalServiceError", "ServiceUnavailable"],
      ...["ProvisionedThroughputExceededException", "RequestLimitExceeded"]
    ]);
    SDK_NAMES = /** @type {Record<string, string>} */
    { ssm: "SSM", secretsmanager: "SECRETS_MANAGER", dynamodb: "DYNAMODB" };
    CallError = class extends Error {
      /** @param {string} trouble @param {string} kind @param {any} answer */
      constructor(trouble, kind = "", answer2 = {}) {
        super(trouble);
        this.kind = kind;
        this.answer = answer2;
      }
    };
  }
});

// secrets.mjs
var secrets_exports = {};
__export(secrets_exports, {
  reveal: () => reveal
});
async function reveal(names, env) {
  const parameters2 = [];
  const reads = [];
  for (const name of names) {
    const [, vault, reference] = /^(ssm|secretsmanager):(.+)$/.exec(env[`${name}__REF`] ?? "") ?? [];
    if (vault === "ssm") parameters2.push([name, reference]);
    else if (vault) reads.push(() => secret(name, reference, env));
    else if (env[name] === void 0) {
      throw new Error(`secret ${name} has no reference: ${name}__REF is missing in the environment or is of no known form`);
    }
  }
  for (let start2 = 0; start2 < parameters2.length; start2 += BATCH) reads.push(() => batch(parameters2.slice(start2, start2 + BATCH), env));
  await Promise.all(reads.map((read4) => read4()));
}
async function batch(references, env) {
  const wanted = [...new Set(references.map(([, reference]) => reference))].sort();
  const names = references.map(([name]) => name).join(", ");
  const found = /* @__PURE__ */ new Map();
  for (const parameter of (await read2("ssm", "AmazonSSM.GetParameters", { Names: wanted, WithDecryption: true }, names, env)).Parameters ?? []) {
    const { Name, Selector = "", Version, Value } = parameter;
    const path = Selector && Name.endsWith(Selector) ? Name.slice(0, -Selector.length) : Name;
    for (const selector of [Selector, `:${Version}`, ""]) if (!found.has(path + selector)) found.set(path + selector, Value);
  }
  const missing = references.filter(([, reference]) => !found.has(reference));
  if (missing.length) throw new Error(`secret ${missing.map(([name, reference]) => `${name} (ssm:${reference})`).join(", ")} does not exist in that version`);
  for (const [name, reference] of references) env[name] = found.get(reference);
}
async function secret(name, reference, env) {
  const [id, version] = split(reference);
  const asked = { SecretId: id, ...version && { [version.length >= 32 ? "VersionId" : "VersionStage"]: version } };
  const { SecretString: value } = await read2("secretsmanager", "secretsmanager.GetSecretValue", asked, name, env);
  if (typeof value !== "string") throw new Error(`secret ${name} (secretsmanager:${reference}) is binary; a secret in the environment is text`);
  env[name] = value;
}
function split(reference) {
  const parts2 = reference.split(":");
  if (parts2.length === 1 || parts2[0] === "arn" && parts2.length === 7) return [reference, ""];
  return [parts2.slice(0, -1).join(":"), parts2.at(-1) ?? ""];
}
async function read2(service, target, asked, names, env) {
  try {
    return await ask(service, target, asked, env);
  } catch (error) {
    throw new Error(`cannot read secret ${names} from ${service}: ${/** @type {Error} */
    error.message}`);
  }
}
var BATCH;
var init_secrets = __esm({
  "secrets.mjs"() {
    init_calls();
    BATCH = 10;
  }
});

// request.mjs
function answer(value) {
  if (value instanceof Response) return whole(value);
  if (value === void 0 || value === null) return new Response(null, { status: 204 });
  if (typeof value === "string") return new Response(value, { headers: { "content-type": "text/plain; charset=utf-8" } });
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return new Response(
    /** @type {any} */
    value,
    { headers: { "content-type": "application/octet-stream" } }
  );
  return Response.json(value);
}
function whole(value) {
  if (!(value instanceof Response)) throw new TypeError(`a fetch handler answers with a Response, and this one answered with ${typeof value}`);
  if (value.bodyUsed) throw new TypeError("the body of the answer has been read already");
  if (value.status === 0) throw new TypeError("the answer is a network error, Response.error()");
  return value;
}
function refused(error) {
  return Response.json({ error: error.message }, { status: 400 });
}
function failed(requestId) {
  return Response.json({ error: "internal server error", request_id: requestId }, { status: 500 });
}
function calling(handler2) {
  return async (parts2, call) => answer(await handler2(new FunctionRequest(parts2), call));
}
function fetching(handler2) {
  return async ({ method, headers, rawPath, queryString, body }, call) => {
    const scheme = (headers.get("x-forwarded-proto") ?? "https").split(",")[0].trim();
    const url = `${scheme}://${headers.get("host") ?? "localhost"}${rawPath}${queryString && `?${queryString}`}`;
    const bodiless = method === "GET" || method === "HEAD" || body.length === 0;
    return whole(await handler2(new Request(url, { method, headers, body: bodiless ? void 0 : new Uint8Array(body) }), call));
  };
}
var BadRequest, FunctionRequest;
var init_request = __esm({
  "request.mjs"() {
    BadRequest = class extends Error {
      name = "BadRequest";
    };
    FunctionRequest = class {
      /**
       * @param {{method: string, path: string, queryString: string, pathParams: Record<string, string>, headers: Headers, body: Buffer,
       *   id: string, native: unknown}} parts
       */
      constructor(parts2) {
        this.method = parts2.method;
        this.path = parts2.path;
        this.pathParams = parts2.pathParams;
        this.query = new URLSearchParams(parts2.queryString);
        this.headers = parts2.headers;
        this.body = parts2.body;
        this.id = parts2.id;
        this.native = parts2.native;
      }
      /** Cookies by name; of two with one name the first, which is the more specific one. */
      get cookies() {
        const found = {};
        for (const part of (this.headers.get("cookie") ?? "").split(";")) {
          const at = part.indexOf("=");
          const name = part.slice(0, Math.max(at, 0)).trim();
          if (name) found[name] ??= part.slice(at + 1).trim().replace(/^"(.*)"$/, "$1");
        }
        return found;
      }
      get text() {
        return this.body.toString("utf8");
      }
      /** The decoded body, null when it is empty. Throws BadRequest, which answers 400, when it is not JSON. */
      json() {
        if (this.body.length === 0) return null;
        try {
          return JSON.parse(this.text);
        } catch (error) {
          throw new BadRequest(`the body is not JSON: ${/** @type {Error} */
          error.message}`);
        }
      }
    };
  }
});

// routes.mjs
function match(routes, method, path) {
  let best;
  for (const [verb, route2] of routes) {
    const fit = verb === "ANY" || verb === method ? fitted(parts(route2), parts(path), path.endsWith("/") ? "/" : "") : void 0;
    if (fit && (!best || beats(fit.rank, best.rank))) best = fit;
  }
  return best?.found;
}
function parts(path) {
  const inner = path.replace(/^\//, "").replace(/\/$/, "");
  return inner === "" ? [] : inner.split("/");
}
function beats(one, other) {
  const at = one.findIndex((rank, index) => rank !== (other[index] ?? -1));
  return at >= 0 && one[at] > (other[at] ?? -1);
}
function fitted(route2, given, end) {
  const found = {};
  const rank = [];
  for (const [index, part] of route2.entries()) {
    if (part.startsWith("{") && part.endsWith("*}")) {
      found[part.slice(1, -2)] = given.slice(index).join("/") + (index < given.length ? end : "");
      return { rank: [...rank, 0], found };
    }
    if (index >= given.length) return void 0;
    if (part.startsWith("{")) found[part.slice(1, -1)] = given[index];
    else if (part !== given[index]) return void 0;
    rank.push(part.startsWith("{") ? 2 : 3);
  }
  return route2.length === given.length ? { rank: [...rank, 1], found } : void 0;
}
function decoded(text4) {
  try {
    return decodeURIComponent(text4);
  } catch {
    const bytes2 = Buffer.from(text4).toString("latin1").replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    return Buffer.from(bytes2, "latin1").toString();
  }
}
var init_routes = __esm({
  "routes.mjs"() {
  }
});

// http.mjs
var http_exports = {};
__export(http_exports, {
  bind: () => bind3
});
function bind3(handler2, config, spans2) {
  const plainly = config.interface === "fetch" ? fetching(handler2) : calling(handler2);
  const respond = spans2 ? spans2.requests(plainly, described) : plainly;
  return async (native, context) => {
    const kind = envelope(native);
    if (kind !== void 0 && kind !== "http") {
      throw new TypeError(`${config.function} is of interface \`${config.interface}\`, and was sent an event (${kind})`);
    }
    const request = kind ? read3(native, context) : plain(native, context);
    const routed = !kind || route(request, native, config);
    const call = begin(native, context, { ...carried2(request.headers), params: request.pathParams });
    if (!routed) return write(Response.json({ error: "not found" }, { status: 404 }), native);
    return guarded(respond, request, call, kind ? native : V2);
  };
}
function route(request, native, config) {
  if (!config.routes.length || Object.keys(request.pathParams).length) return true;
  const found = match(config.routes, request.method, request.path);
  if (routedHere(native) || Object.values(found ?? {}).every((value) => value === "")) Object.assign(request.pathParams, found);
  return found !== void 0 || config.interface !== "function" || !routedHere(native);
}
async function guarded(respond, request, call, native) {
  try {
    return await write(await respond(request, call), native);
  } catch (error) {
    if (error instanceof BadRequest) return write(refused(error), native);
    console.error("request failed", error, { method: request.method, path: request.path });
    return write(failed(request.id), native);
  }
}
function described({ method, path, headers, native }) {
  const route2 = String(native?.routeKey ?? "").split(" ")[1] ?? native?.resource;
  const client = native?.requestContext?.http?.sourceIp ?? native?.requestContext?.identity?.sourceIp;
  return { method, path, headers, route: route2, client };
}
function carried2(headers) {
  const carrier = { traceparent: headers.get("traceparent"), tracestate: headers.get("tracestate") ?? void 0 };
  const correlation = headers.get("x-correlation-id");
  return { carrier, fields: correlation ? { correlation_id: correlation } : {} };
}
function plain(native, context) {
  const headers = new Headers({ "content-type": "application/json", host: "localhost" });
  const body = Buffer.from(JSON.stringify(native));
  return { method: "POST", path: "/", rawPath: "/", queryString: "", pathParams: {}, headers, body, id: context?.awsRequestId ?? "", native };
}
function read3(native, context) {
  const { http, requestId } = native.requestContext;
  const [path, rawPath] = paths(native);
  return {
    method: (http?.method ?? native.httpMethod).toUpperCase(),
    path,
    rawPath,
    queryString: http ? native.rawQueryString ?? "" : query(native),
    pathParams: parameters(native),
    headers: headersOf(native),
    body: Buffer.from(native.body ?? "", native.isBase64Encoded ? "base64" : "utf8"),
    id: requestId ?? context?.awsRequestId ?? "",
    native
  };
}
function routedHere(native) {
  return (native.requestContext.domainName ?? "").includes(".lambda-url.");
}
function frontDecodes(native) {
  return native.version === "2.0" ? !routedHere(native) : native.version === "1.0";
}
function paths(native) {
  const { http, stage = "$default" } = native.requestContext;
  const path = http ? native.rawPath : native.path;
  if (!frontDecodes(native)) return [decoded(path), path];
  const own = stage !== "$default" && `${path}/`.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) || "/" : path;
  const plainly = own.replaceAll("%25", "%");
  return [plainly, encodeURI(plainly).replaceAll("?", "%3F").replaceAll("#", "%23")];
}
function parameters(native) {
  const read4 = frontDecodes(native) ? (value) => value.replaceAll("%25", "%") : decoded;
  const found = (
    /** @type {Record<string, string>} */
    native.pathParameters ?? {}
  );
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, read4(value)]));
}
function headersOf(native) {
  const headers = new Headers();
  const many = native.multiValueHeaders ?? native.headers ?? {};
  for (const [name, values] of Object.entries(many)) for (const value of [values].flat()) headers.append(name, value);
  if (native.cookies?.length) headers.set("cookie", native.cookies.join("; "));
  return headers;
}
function query(native) {
  const many = Object.entries(native.multiValueQueryStringParameters ?? native.queryStringParameters ?? {});
  const pairs = many.flatMap(([name, values]) => [values].flat().map((value) => [name, String(value)]));
  if ("elb" in native.requestContext) return pairs.map(([name, value]) => `${name}=${value}`).join("&");
  return String(new URLSearchParams(pairs));
}
async function write(response, native) {
  const [body, isBase64Encoded] = BARE.has(response.status) ? ["", false] : text2(Buffer.from(await response.arrayBuffer()));
  const cookies = response.headers.getSetCookie();
  const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== "set-cookie"));
  const told = { statusCode: response.status, body, isBase64Encoded };
  if (native.version === "2.0") return { ...told, headers, ...cookies.length && { cookies } };
  const many = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const multiValueHeaders = cookies.length ? { ...many, "set-cookie": cookies } : many;
  const single2 = cookies.length ? { ...headers, "set-cookie": cookies.at(-1) } : headers;
  if (!("elb" in native.requestContext)) return { ...told, headers: single2, multiValueHeaders };
  return { ...told, ..."multiValueHeaders" in native ? { multiValueHeaders } : { headers: single2 } };
}
function text2(body) {
  try {
    return [new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body), false];
  } catch {
    return [body.toString("base64"), true];
  }
}
var V2, BARE;
var init_http = __esm({
  "http.mjs"() {
    init_entry();
    init_request();
    init_routes();
    init_shapes();
    V2 = { version: "2.0" };
    BARE = /* @__PURE__ */ new Set([101, 204, 205, 304]);
  }
});

// otel.mjs
var otel_exports = {};
__export(otel_exports, {
  events: () => events,
  flushing: () => flushing,
  requests: () => requests,
  tasks: () => tasks
});
function events(api, handler2, config) {
  return (subject, context) => {
    const batch2 = Array.isArray(subject);
    const facts = batch2 ? { "faas.trigger": "pubsub", "messaging.batch.message_count": subject.length } : eventFacts(subject);
    const parents = batch2 ? subject.map((event) => spanContext(api, event.extensions)).filter(Boolean) : [];
    const about2 = { kind: api.SpanKind.CONSUMER, facts, links: parents.map((linked) => ({ context: linked })) };
    return spanned(api, config.function, about2, () => handler2(subject, context));
  };
}
function tasks(api, handler2, config) {
  return (input, context) => {
    const { run, step, key, attempt } = context;
    const facts = { "faas.trigger": "other", "fnctl.run": run, "fnctl.step": step, "fnctl.key": key, "fnctl.attempt": attempt };
    return spanned(api, config.function, { kind: api.SpanKind.SERVER, facts }, () => handler2(input, context));
  };
}
function requests(api, respond, describe) {
  return (request, context) => {
    const { method, path, headers, route: route2, client } = describe(request);
    const facts = {
      "faas.trigger": "http",
      "http.request.method": method,
      "http.route": route2,
      "url.path": path,
      "url.scheme": (headers.get("x-forwarded-proto") ?? "https").split(",")[0].trim(),
      "server.address": headers.get("host") ?? void 0,
      "client.address": client || void 0,
      "user_agent.original": headers.get("user-agent") ?? void 0
    };
    return spanned(api, route2 ? `${method} ${route2}` : method, { kind: api.SpanKind.SERVER, facts }, async (span) => {
      const response = await respond(request, context);
      span.setAttribute("http.response.status_code", response.status);
      if (response.status >= 500) span.setStatus({ code: api.SpanStatusCode.ERROR });
      return response;
    });
  };
}
function flushing(api, handle) {
  return async (...platform) => {
    try {
      return await handle(...platform);
    } finally {
      const provider = api.trace.getTracerProvider();
      await (provider.getDelegate?.() ?? provider).forceFlush?.();
    }
  };
}
function spanned(api, name, { kind, facts, links }, work) {
  const running2 = current();
  const attributes = { "faas.invocation_id": running2?.requestId, "faas.coldstart": cold, ...facts };
  cold = false;
  const above = spanContext(api, running2 ?? {});
  const parent = above ? api.trace.setSpanContext(api.ROOT_CONTEXT, above) : api.ROOT_CONTEXT;
  return api.trace.getTracer("fnctl_runtime").startActiveSpan(name, { kind, attributes, links }, parent, async (span) => {
    if (running2 && span.isRecording()) {
      const { traceId: traceId2, spanId, traceFlags } = span.spanContext();
      running2.traceId = traceId2;
      running2.traceparent = `00-${traceId2}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
    }
    try {
      return await work(span);
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: api.SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}
function spanContext(api, { traceparent, tracestate }) {
  const [, traceId2, spanId, flags] = traceparentOf(traceparent)?.split("-") ?? [];
  if (!traceId2) return void 0;
  const traceState = tracestate ? api.createTraceState(String(tracestate)) : void 0;
  const context = { traceId: traceId2, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true, traceState };
  return api.isSpanContextValid(context) ? context : void 0;
}
function eventFacts(event) {
  const [ours, kind, what] = event.type.split(".");
  const own = ours === "fnctl" ? kind : "";
  const place = event.source.split("/").at(-1);
  const facts = {
    "faas.trigger": TRIGGERS[own] ?? "pubsub",
    "cloudevents.event_id": event.id,
    "cloudevents.event_source": event.source,
    "cloudevents.event_type": event.type,
    "cloudevents.event_subject": event.subject
  };
  if (own === "bucket" || own === "table") {
    const change = own === "table" ? event.data.change : what;
    return {
      ...facts,
      "faas.document.collection": own === "bucket" ? event.data.bucket : place,
      "faas.document.operation": OPERATIONS[change],
      "faas.document.name": event.subject,
      "faas.document.time": event.time
    };
  }
  if (own === "schedule") return { ...facts, "faas.time": event.time };
  return own === "invoke" ? facts : { ...facts, "messaging.destination.name": place, "messaging.operation.type": "process" };
}
var TRIGGERS, OPERATIONS, cold;
var init_otel = __esm({
  "otel.mjs"() {
    init_invocation();
    TRIGGERS = { bucket: "datasource", table: "datasource", schedule: "timer", invoke: "other" };
    OPERATIONS = { created: "insert", insert: "insert", modify: "edit", changed: "edit", deleted: "delete", remove: "delete" };
    cold = true;
  }
});

// once.mjs
var once_exports = {};
__export(once_exports, {
  once: () => once
});
function once(handler2, config, store) {
  const { key: path, ttl, lease } = config.idempotent;
  const task = config.interface === "task";
  return async (subject, context) => {
    const key = `${config.service}/${config.stage}/${config.function}#${short(keyOf(subject, context, path, task))}`;
    const owner = crypto2().randomUUID();
    const now = Date.now() / 1e3;
    const until = now + (context.remaining?.() ?? lease * 1e3) / 1e3 + SLACK;
    const known = await store.claim(key, owner, { now, until, expires: Math.max(until, now + ttl) });
    if (known === "") throw Object.assign(new Error(`${key} is being worked on`), { name: "InProgress" });
    if (known === void 0) return worked(() => handler2(subject, context), key, owner, store, ttl);
    console.info("done before", { idempotency_key: key });
    return JSON.parse(known);
  };
}
async function worked(work, key, owner, store, ttl) {
  let answer2;
  try {
    answer2 = JSON.stringify(await work() ?? null);
  } catch (error) {
    await safely("release", key, store.release(key, owner));
    throw error;
  }
  const ours = await safely("complete", key, store.complete(key, owner, answer2, { expires: Date.now() / 1e3 + ttl }));
  if (ours === false) console.warn("a claim ran out before the work was done", { idempotency_key: key });
  return JSON.parse(answer2);
}
async function safely(what, key, asked) {
  try {
    return await asked;
  } catch (error) {
    console.error(`cannot ${what} a claim`, error, { idempotency_key: key });
    return void 0;
  }
}
function keyOf(subject, context, path, task) {
  if (!path) return String(task ? context.key : subject.id);
  const root = task ? subject : Object.fromEntries(ATTRIBUTES2.map((name) => [name, subject[name]]));
  const found = path.reduce((value, part) => value !== null && typeof value === "object" && Object.hasOwn(value, part) ? value[part] : void 0, root);
  if (found === void 0 || found === null) {
    const message2 = `idempotent.key: there is no ${path.join(".")} in ${task ? "the input" : `the event ${subject.id}`}`;
    throw Object.assign(new Error(message2), { name: "KeyMissing" });
  }
  return typeof found === "string" ? found : JSON.stringify(found, (_key, value) => isPlain2(value) ? sorted(value) : value);
}
function isPlain2(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
function sorted(value) {
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => one < other ? -1 : 1));
}
function short(key) {
  return [...key].length <= LONGEST ? key : `sha256:${crypto2().createHash("sha256").update(key).digest("hex")}`;
}
var crypto2, SLACK, LONGEST, ATTRIBUTES2;
var init_once = __esm({
  "once.mjs"() {
    crypto2 = () => process.getBuiltinModule("node:crypto");
    SLACK = 1;
    LONGEST = 512;
    ATTRIBUTES2 = ["id", "source", "type", "subject", "time", "data", "extensions"];
  }
});

// claims.mjs
var claims_exports = {};
__export(claims_exports, {
  claims: () => claims
});
function claims({ table: table2, attribute: attribute2, expires: expiry }, env) {
  const all = { "#k": attribute2, "#x": expiry, "#o": "owner", "#u": "until", "#a": "answer" };
  const call = (verb, words) => ask("dynamodb", `DynamoDB_20120810.${verb}`, { TableName: env[table2], ...words }, env, "1.0");
  async function conditional(verb, words) {
    try {
      await call(verb, words);
      return { held: true };
    } catch (error) {
      if (!(error instanceof CallError) || error.kind !== "ConditionalCheckFailedException") throw error;
      return { held: false, item: error.answer.Item };
    }
  }
  return {
    async claim(key, owner, { now, until, expires }) {
      const Item = { [attribute2]: text3(key), owner: text3(owner), until: number(until * 1e3), [expiry]: number(expires) };
      const { held, item: item2 } = await conditional("PutItem", {
        Item,
        ConditionExpression: FREE,
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        ExpressionAttributeNames: all,
        ExpressionAttributeValues: { ":now": number(now), ":ms": number(now * 1e3), ":owner": text3(owner) }
      });
      if (held) return void 0;
      const found = item2 ?? (await call("GetItem", { Key: { [attribute2]: text3(key) }, ConsistentRead: true })).Item;
      return found?.answer?.S ?? "";
    },
    async complete(key, owner, answer2, { expires }) {
      const { held } = await conditional("UpdateItem", {
        Key: { [attribute2]: text3(key) },
        ConditionExpression: "#o = :owner",
        UpdateExpression: "SET #a = :answer, #x = :expires REMOVE #u",
        ExpressionAttributeNames: { "#o": all["#o"], "#a": all["#a"], "#x": all["#x"], "#u": all["#u"] },
        ExpressionAttributeValues: { ":owner": text3(owner), ":answer": text3(answer2), ":expires": number(expires) }
      });
      return held;
    },
    async release(key, owner) {
      await conditional("DeleteItem", {
        Key: { [attribute2]: text3(key) },
        ConditionExpression: "#o = :owner AND attribute_not_exists(#a)",
        ExpressionAttributeNames: { "#o": all["#o"], "#a": all["#a"] },
        ExpressionAttributeValues: { ":owner": text3(owner) }
      });
    }
  };
}
var FREE, text3, number;
var init_claims = __esm({
  "claims.mjs"() {
    init_calls();
    FREE = "attribute_not_exists(#k) OR #x <= :now OR #o = :owner OR (attribute_not_exists(#a) AND #u <= :ms)";
    text3 = (value) => ({ S: value });
    number = (value) => ({ N: String(Math.floor(value)) });
  }
});

// entry.mjs
async function start(root) {
  const config = JSON.parse(process.getBuiltinModule("node:fs").readFileSync(new URL("_fnctl.json", root), "utf8"));
  if (config.logs.format === "json") {
    const fields = { service: config.service, stage: config.stage, function: config.function };
    configure({ level: config.logs.level, fields, stamp: process.env.AWS_LAMBDA_LOG_FORMAT === "JSON" });
  }
  if (config.secrets.length) await (await Promise.resolve().then(() => (init_secrets(), secrets_exports))).reveal(config.secrets, process.env);
  const ours = (INTERFACES[config.interface] ?? (() => Promise.resolve().then(() => (init_http(), http_exports))))();
  const { target, api } = await load(root, config);
  const otel = config.tracing === "otel" && await spans(api);
  const handle = (await ours).bind(await wrapped(target, config), config, otel);
  return otel ? otel.flushing(handle) : handle;
}
async function spans(api) {
  if (!api) {
    console.error("no spans: `tracing: otel` needs @opentelemetry/api in the bundle");
    return false;
  }
  const { events: events2, tasks: tasks2, requests: requests2, flushing: flushing2 } = await Promise.resolve().then(() => (init_otel(), otel_exports));
  return {
    events: events2.bind(void 0, api),
    tasks: tasks2.bind(void 0, api),
    requests: requests2.bind(void 0, api),
    flushing: flushing2.bind(void 0, api)
  };
}
async function wrapped(target, config) {
  const { idempotent } = config;
  if (!idempotent) return target;
  const [{ once: once2 }, { claims: claims2 }] = await Promise.all([Promise.resolve().then(() => (init_once(), once_exports)), Promise.resolve().then(() => (init_claims(), claims_exports))]);
  return once2(target, { ...config, idempotent }, claims2(idempotent, process.env));
}
function begin(event, context, { carrier = {}, params = {}, fields = {} } = {}) {
  const requestId = context?.awsRequestId ?? "";
  const xray = process.env._X_AMZN_TRACE_ID;
  const given = traceparentOf(carrier.traceparent);
  const invocation = {
    requestId,
    traceId: traceId(carrier.traceparent, xray),
    traceparent: given ?? traceparentOf(void 0, xray),
    tracestate: given && carrier.tracestate,
    fields
  };
  enter(invocation);
  return {
    requestId,
    get traceId() {
      return invocation.traceId;
    },
    correlationId: (
      /** @type {string | undefined} */
      fields.correlation_id
    ),
    params,
    trace: () => trace(invocation),
    remaining: () => context?.getRemainingTimeInMillis?.(),
    native: { event, context }
  };
}
var INTERFACES;
var init_entry = __esm({
  "entry.mjs"() {
    init_invocation();
    init_log();
    INTERFACES = { event: () => Promise.resolve().then(() => (init_events(), events_exports)), task: () => Promise.resolve().then(() => (init_tasks(), tasks_exports)) };
  }
});

// main.mjs
init_entry();
var handler = await start(new URL("./", import.meta.url));
export {
  handler
};
