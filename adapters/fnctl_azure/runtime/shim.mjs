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
  const carried2 = { traceparent, tracestate, "x-correlation-id": fields?.correlation_id };
  return (
    /** @type {Record<string, string>} */
    Object.fromEntries(Object.entries(carried2).filter(([, value]) => value))
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
    const failure2 = new Error(`cannot import ${config.source}: ${told}`, { cause: error });
    if (error instanceof Error) failure2.stack = `${failure2.message}
${error.stack}`;
    throw failure2;
  }
  const named2 = bundle[config.name] ?? bundle.default?.[config.name];
  const target = typeof named2?.fetch === "function" ? named2.fetch.bind(named2) : named2;
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
function configure({ level, fields, stamp = false, write: write3 = (line2) => process.stdout.write(line2) }) {
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
      if (LEVELS[name] >= least) write3(line(name.toUpperCase(), values, fields, stamp), name);
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
function fromStructured(value, { transport, attempt: attempt2, native } = {}) {
  const extensions = Object.fromEntries(Object.entries(value).filter(([name]) => !CORE.has(name)));
  if (transport !== void 0) extensions.transportid ??= transport;
  const data = "data_base64" in value ? new Uint8Array(Buffer.from(value.data_base64, "base64")) : value.data ?? null;
  const { id, source: source2, type, subject, time, datacontenttype } = value;
  return new CloudEvent({ id, source: source2, type, subject, time, datacontenttype, data, extensions, attempt: attempt2, native });
}
function decode(body) {
  let text2 = body;
  if (typeof text2 !== "string") {
    try {
      text2 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text2);
    } catch {
      return [body, "application/octet-stream"];
    }
  }
  try {
    return [JSON.parse(text2), "application/json"];
  } catch {
    return [text2, "text/plain"];
  }
}
function message(body, envelope) {
  const [data, datacontenttype] = decode(body);
  if (isCloudEvent(data)) {
    const event = fromStructured(data, { transport: envelope.id, attempt: envelope.attempt, native: envelope.native });
    event.extensions = { ...envelope.extensions, ...event.extensions };
    return event;
  }
  return new CloudEvent({ ...envelope, data, datacontenttype });
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
        const { specversion, id, source: source2, type, subject, time, datacontenttype, data } = this;
        const head = { specversion, id, source: source2, type, subject, time, ...this.extensions, datacontenttype };
        return data instanceof Uint8Array ? { ...head, data_base64: Buffer.from(data).toString("base64") } : { ...head, data };
      }
      /**
       * The event that this one leads to. Its id is derived from this event's, so that handling a redelivery sends the same event again; `name`
       * keeps two of one type apart. It carries the chain's correlation, this event's id as its cause, and the trace.
       * @param {string} type @param {unknown} data @param {{source?: string, name?: string, subject?: string}} about
       */
      follow(type, data, { source: source2 = this.source, name = "", subject } = {}) {
        const { "x-correlation-id": _ours, ...carried2 } = trace();
        const extensions = { correlationid: this.extensions.correlationid ?? this.id, causationid: this.id, ...carried2 };
        const id = uuid5([this.source, this.id, type, name].join("\n"));
        return new _CloudEvent({ id, source: source2, type, data, subject, time: timestamp(Date.now()), extensions });
      }
    };
    NAMESPACE_URL = Buffer.from("6ba7b8119dad11d180b400c04fd430c8", "hex");
    BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  }
});

// shapes.mjs
function source(config, door) {
  return `/${config.service}/${door.kind}/${door.key}`;
}
function when(moment) {
  const found = moment ? Date.parse(/([zZ]|[+-]\d\d:\d\d)$/.test(String(moment)) ? String(moment) : `${moment}Z`) : NaN;
  return Number.isNaN(found) ? void 0 : timestamp(found);
}
function queue(config, door, given, native) {
  const about3 = (
    /** @type {any} */
    native.triggerMetadata ?? {}
  );
  if ("deliveryCount" in about3) return serviceBus(config, door, given, native);
  return message(given, {
    id: String(about3.id),
    source: source(config, door),
    type: "fnctl.queue.message",
    time: when(about3.insertionTime),
    attempt: Number(about3.dequeueCount ?? 1),
    native: given
  });
}
function serviceBus(config, door, given, native) {
  const about3 = (
    /** @type {any} */
    native.triggerMetadata ?? {}
  );
  const topic = door.kind === "topic";
  return message(given, {
    id: String(about3.messageId),
    source: source(config, door),
    type: topic ? "fnctl.topic.message" : "fnctl.queue.message",
    subject: about3.sessionId ?? (topic ? about3.subject ?? about3.label : void 0) ?? void 0,
    time: when(about3.enqueuedTimeUtc),
    extensions: carried(about3.applicationProperties ?? about3.userProperties),
    attempt: Number(about3.deliveryCount ?? 1),
    native: given
  });
}
function carried(properties) {
  return Object.fromEntries(CARRIED.filter((name) => properties?.[name]).map((name) => [name, properties[name]]));
}
function schedule(config, door, given, native) {
  const time = due(given?.scheduleStatus?.next, Date.now());
  const data = door.data ?? { schedule: door.key, time };
  const [id, home] = [`${door.key}@${time}`, source(config, door)];
  return new CloudEvent({ id, source: home, type: "fnctl.schedule", subject: door.key, time, data, attempt: attempt(native), native: given });
}
function due(next, now) {
  const said2 = Date.parse(when(next) ?? "");
  const passed = said2 > 0 && said2 <= now + EARLY;
  const moment = passed ? said2 : Math.floor(now / 6e4) * 6e4;
  return timestamp(moment).replace(/\.\d+Z$/, "Z");
}
function bucket(config, door, given) {
  const [, place = ""] = String(given.subject).split("/containers/");
  const at = place.indexOf("/blobs/");
  const [container, key] = [place.slice(0, at), place.slice(at + "/blobs/".length)];
  const { eTag, sequencer, contentLength: size = null, blobVersion: version = null } = given.data ?? {};
  const etag = eTag?.replace(/^"(.*)"$/, "$1") || null;
  const word = String(given.type ?? given.eventType);
  const what = word.endsWith("BlobCreated") ? "created" : word.endsWith("BlobDeleted") ? "deleted" : "changed";
  return new CloudEvent({
    id: `${container}/${key}@${sequencer ?? etag ?? given.id}`,
    source: source(config, door),
    type: `fnctl.bucket.${what}`,
    subject: key,
    time: given.time ?? given.eventTime,
    data: { bucket: container, key, size, etag, version },
    native: given
  });
}
function bus(config, door, given) {
  if (isCloudEvent(given)) return fromStructured(given, { native: given });
  if (isCloudEvent(given.data)) return fromStructured(given.data, { transport: given.id, native: given });
  const { id, topic, eventType: type, subject, eventTime: time, data } = given;
  return new CloudEvent({ id, source: topic ?? source(config, door), type, subject, time, data, native: given });
}
function stream(config, door, given, native) {
  const about3 = (
    /** @type {any} */
    native.triggerMetadata ?? {}
  );
  return given.map((body, index) => {
    const { partitionKey, sequenceNumber, enqueuedTimeUtc } = about3.systemPropertiesArray?.[index] ?? {};
    return message(body, {
      id: `${about3.partitionContext?.partitionId ?? ""}:${sequenceNumber}`,
      source: source(config, door),
      type: "fnctl.stream.record",
      subject: partitionKey ?? void 0,
      time: when(enqueuedTimeUtc),
      extensions: carried(about3.propertiesArray?.[index]),
      attempt: attempt(native),
      native: body
    });
  });
}
function table(config, door, given, native) {
  return given.map((document) => {
    const keys = Object.fromEntries((door.keys ?? []).map((name) => [name, document[name]]));
    const item = Object.fromEntries(Object.entries(document).filter(([name]) => !OWN.includes(name)));
    return new CloudEvent({
      id: `${document.id}@${String(document._etag ?? "").replace(/^"(.*)"$/, "$1")}`,
      source: source(config, door),
      type: "fnctl.table.changed",
      subject: Object.keys(keys).sort().map((name) => String(keys[name])).join("/"),
      time: document._ts ? timestamp(document._ts * 1e3) : void 0,
      data: { change: "modify", keys, new: item, old: null },
      attempt: attempt(native),
      native: document
    });
  });
}
function eventsOf(config, door, given, native) {
  return [READERS[door.kind](config, door, given, native)].flat();
}
var EARLY, OWN, CARRIED, READERS;
var init_shapes = __esm({
  "shapes.mjs"() {
    init_entry();
    init_event();
    EARLY = 3e4;
    OWN = ["_rid", "_self", "_etag", "_attachments", "_ts", "_lsn"];
    CARRIED = ["traceparent", "tracestate", "correlationid", "causationid"];
    READERS = { queue, topic: serviceBus, schedule, bucket, bus, stream, table };
  }
});

// events.mjs
var events_exports = {};
__export(events_exports, {
  bind: () => bind
});
function bind(handler, config, door) {
  if (door.kind === "invoke") return invoked(handler, config);
  const deliver = door.whole ? together : oneByOne;
  const batch = { handler, config, done: /* @__PURE__ */ new Set() };
  return async (given, native) => {
    begin(given, native, config.function);
    await deliver(batch, eventsOf(config, door, given, native), native);
  };
}
async function oneByOne({ handler, config, done }, events, native) {
  if (attempt(native) === 1) forget(done, events);
  for (const event of events) {
    if (done.has(event.id)) continue;
    try {
      await handler(event, begin(event.native, native, config.function, about2(event)));
    } catch (error) {
      console.error("event failed", error, { event_type: event.type, source: event.source, attempt: event.attempt });
      if (last(native)) forget(done, events);
      throw error;
    }
    if (events.length > 1) done.add(event.id);
  }
  forget(done, events);
}
function about2(event) {
  const carrier = (
    /** @type {Record<string, any>} */
    event.extensions
  );
  return { carrier, fields: { event_id: event.id, ...carrier.correlationid && { correlation_id: carrier.correlationid } } };
}
async function together({ handler, config }, events, native) {
  const answer2 = await handler(events, begin(events[0]?.native, native, config.function)) ?? [];
  const named2 = new Set(answer2.map((entry) => entry?.id ?? entry));
  const failed3 = events.map((event) => event.id).filter((id) => named2.has(id));
  if (!failed3.length) return;
  const error = new Error(`${failed3.length} of ${events.length} failed: ${failed3.slice(0, 5).join(", ")}`);
  throw Object.assign(error, { name: "Unfinished" });
}
function forget(done, events) {
  for (const event of events) done.delete(event.id);
}
function last(native) {
  const most = native.retryContext?.maxRetryCount;
  return most === void 0 || most >= 0 && attempt(native) > most;
}
function invoked(handler, config) {
  return async (request, native) => {
    const body = await request.text();
    const data = body.trim() ? JSON.parse(body) : null;
    const id = native.invocationId;
    const event = new CloudEvent({ id, source: `/${config.service}/${config.function}`, type: "fnctl.invoke", data, native: request });
    return { jsonBody: await handler(event, begin(request, native, config.function, about2(event))) ?? null };
  };
}
var init_events = __esm({
  "events.mjs"() {
    init_entry();
    init_event();
    init_shapes();
  }
});

// task.mjs
function read(payload, { step, requestId }) {
  const about3 = payload?.fnctl;
  if (!about3?.key) return [payload, { run: requestId, step, key: requestId, attempt: 1, compensation: false }];
  const { run = "", key, attempt: attempt2 = 0, compensation = false } = about3;
  return [payload.input ?? null, { run, step: about3.step ?? step, key, attempt: Number(attempt2) + 1, compensation: Boolean(compensation) }];
}
function failure(name, message2 = "") {
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
function bind2(handler, config) {
  return async (given, native) => {
    const [input, step] = read(given, { step: config.function, requestId: native.invocationId });
    const { compensation, ...fields } = step;
    try {
      return await handler(input, { ...begin(given, native, config.function, { fields }), ...step, error: named }) ?? null;
    } catch (error) {
      throw NAMED in Object(error) ? new Error(marked(error), { cause: error }) : error;
    }
  };
}
function named(name, message2) {
  return Object.assign(failure(name, message2), { [NAMED]: true });
}
function marked({ name, message: message2 }) {
  const told = Buffer.from(JSON.stringify({ error: name, message: message2 })).toString("base64url");
  return `[fnctl:err:${told}:] ${name}: ${message2}`;
}
var NAMED;
var init_tasks = __esm({
  "tasks.mjs"() {
    init_entry();
    init_task();
    NAMED = /* @__PURE__ */ Symbol("named by the handler");
  }
});

// native.mjs
var native_exports = {};
__export(native_exports, {
  bind: () => bind3
});
function bind3(handler, config) {
  return (trigger, native) => {
    begin(trigger, native, config.function);
    return handler(trigger, native);
  };
}
var init_native = __esm({
  "native.mjs"() {
    init_entry();
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
function calling(handler) {
  return async (parts2, call) => answer(await handler(new FunctionRequest(parts2), call));
}
function fetching(handler) {
  return async ({ method, headers, rawPath, queryString, body }, call) => {
    const scheme = (headers.get("x-forwarded-proto") ?? "https").split(",")[0].trim();
    const url = `${scheme}://${headers.get("host") ?? "localhost"}${rawPath}${queryString && `?${queryString}`}`;
    const bodiless = method === "GET" || method === "HEAD" || body.length === 0;
    return whole(await handler(new Request(url, { method, headers, body: bodiless ? void 0 : new Uint8Array(body) }), call));
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
  for (const [verb, route] of routes) {
    const fit = verb === "ANY" || verb === method ? fitted(parts(route), parts(path), path.endsWith("/") ? "/" : "") : void 0;
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
function fitted(route, given, end) {
  const found = {};
  const rank = [];
  for (const [index, part] of route.entries()) {
    if (part.startsWith("{") && part.endsWith("*}")) {
      found[part.slice(1, -2)] = given.slice(index).join("/") + (index < given.length ? end : "");
      return { rank: [...rank, 0], found };
    }
    if (index >= given.length) return void 0;
    if (part.startsWith("{")) found[part.slice(1, -1)] = given[index];
    else if (part !== given[index]) return void 0;
    rank.push(part.startsWith("{") ? 2 : 3);
  }
  return route.length === given.length ? { rank: [...rank, 1], found } : void 0;
}
function decoded(text2) {
  try {
    return decodeURIComponent(text2);
  } catch {
    const bytes = Buffer.from(text2).toString("latin1").replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    return Buffer.from(bytes, "latin1").toString();
  }
}
var init_routes = __esm({
  "routes.mjs"() {
  }
});

// http.mjs
var http_exports = {};
__export(http_exports, {
  bind: () => bind4
});
function bind4(handler, config, door) {
  const respond = config.interface === "fetch" ? fetching(handler) : calling(handler);
  return async (request, native) => {
    const parts2 = await read2(request, native, config.routes);
    if (door.kind === "invoke") Object.assign(parts2, { path: "/", rawPath: "/" });
    const carrier = Object.fromEntries(["traceparent", "tracestate"].map((name) => [name, parts2.headers.get(name) ?? void 0]));
    const correlation = parts2.headers.get("x-correlation-id");
    const fields = correlation ? { correlation_id: correlation } : {};
    const call = begin(request, native, config.function, { carrier, params: parts2.pathParams, fields });
    return guarded(respond, parts2, call);
  };
}
async function guarded(respond, request, call) {
  try {
    return await write(await respond(request, call));
  } catch (error) {
    if (error instanceof BadRequest) return write(refused(error));
    console.error("request failed", error, { method: request.method, path: request.path });
    return write(failed(request.id));
  }
}
async function read2(request, native, routes) {
  const { pathname, search } = new URL(request.url);
  const path = decoded(pathname);
  const method = request.method.toUpperCase();
  const headers = new Headers(
    /** @type {any} */
    request.headers
  );
  const cookie = headers.get("cookie");
  if (cookie) headers.set("cookie", cookies(cookie));
  return {
    method,
    path,
    rawPath: pathname,
    queryString: search.slice(1),
    pathParams: match(routes, method, path) ?? { ...request.params },
    headers,
    body: Buffer.from(await request.arrayBuffer()),
    id: native.invocationId,
    native: request
  };
}
async function write(response) {
  const body = BARE.has(response.status) ? void 0 : Buffer.from(await response.arrayBuffer());
  const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== "set-cookie"));
  return { status: response.status, headers, cookies: response.headers.getSetCookie().map(cookieOf), body };
}
function cookies(header) {
  return header.replace(/,\s*(?=[^\s;,=]+=)/g, "; ").replace(SIGNS, (found) => String.fromCharCode(parseInt(found.slice(1), 16)));
}
function cookieOf(text2) {
  const [pair, ...attributes] = text2.split(";").map((part) => part.trim());
  const said2 = Object.fromEntries(attributes.map((part) => [part.split("=")[0].toLowerCase(), part.slice(part.indexOf("=") + 1)]));
  const at = pair.indexOf("=");
  return {
    name: pair.slice(0, at),
    value: plain(pair.slice(at + 1)),
    domain: said2.domain,
    path: said2.path,
    ...said2.expires && { expires: new Date(said2.expires) },
    ..."max-age" in said2 && { maxAge: Number(said2["max-age"]) },
    ..."secure" in said2 && { secure: true },
    ..."httponly" in said2 && { httpOnly: true },
    ...said2.samesite && { sameSite: (
      /** @type {"Strict" | "Lax" | "None"} */
      said2.samesite
    ) }
  };
}
function plain(value) {
  const bare = value.replace(/^"(.*)"$/, "$1");
  const found = decoded(bare);
  return /%(?![0-9a-f]{2})/i.test(bare) || found.includes("�") ? bare : found;
}
var BARE, SIGNS;
var init_http = __esm({
  "http.mjs"() {
    init_entry();
    init_request();
    init_routes();
    BARE = /* @__PURE__ */ new Set([101, 204, 205, 304]);
    SIGNS = /%(?:2[1346-9ABF]|3[AC-F]|40|5[BDE]|60|7[BCD]|25(?![0-9A-F]{2}))/gi;
  }
});

// entry.mjs
import { readFileSync } from "node:fs";
import { app, output } from "@azure/functions";
async function start(root) {
  const config = JSON.parse(readFileSync(new URL("_fnctl.json", root), "utf8"));
  if (config.logs.format === "json") {
    configure({ level: config.logs.level, fields: { service: config.service, stage: config.stage }, write: write2 });
  }
  for (const own of config.functions) {
    const described = { service: config.service, stage: config.stage, ...own };
    for (const [door, handler] of await bound(root, described, config.secrets)) register(door, handler);
  }
}
function write2(line2, level) {
  const native = (
    /** @type {any} */
    current()?.native
  );
  if (native) native[level](line2.trimEnd());
  else process.stdout.write(line2);
}
async function bound(root, config, secrets) {
  try {
    check(secrets);
    const { bind: bind5 } = await (INTERFACES[config.interface] ?? (() => Promise.resolve().then(() => (init_http(), http_exports))))();
    const target = (await load(root, config)).target;
    return config.doors.map((door) => [door, bind5(target, config, door)]);
  } catch (error) {
    failed2[config.function] = error instanceof Error ? error.message : String(error);
    return config.doors.map((door) => [door, () => Promise.reject(error)]);
  }
}
function check(names) {
  for (const name of names) {
    const value = process.env[name];
    if (value === void 0) throw new Error(`secret ${name} is not in the app's settings`);
    if (!value.startsWith(REFERENCE)) continue;
    throw new Error(`secret ${name} could not be read: the platform has left its Key Vault reference as it is; see the app's identity and its rights`);
  }
}
function register({ name, kind, binding, retry }, handler) {
  const options = { trigger: { ...binding, name: "trigger" }, handler, ...retry && { retry: policy(retry) } };
  app.generic(
    name,
    /** @type {any} */
    ROUTED.has(kind) ? { ...options, return: output.http({}) } : options
  );
}
function policy({ strategy, maxRetryCount, delayInterval, minimumInterval, maximumInterval }) {
  const milliseconds = (seconds) => seconds && seconds * 1e3;
  if (strategy === "fixedDelay") return { strategy, maxRetryCount, delayInterval: milliseconds(delayInterval) };
  return { strategy, maxRetryCount, minimumInterval: milliseconds(minimumInterval), maximumInterval: milliseconds(maximumInterval) };
}
function attempt(native) {
  return (native.retryContext?.retryCount ?? 0) + 1;
}
function begin(event, native, name, { carrier = {}, params = {}, fields = {} } = {}) {
  const own = traceparentOf(carrier.traceparent);
  const given = own ?? traceparentOf(native.traceContext?.traceParent);
  const invocation = {
    requestId: native.invocationId,
    traceId: traceId(given),
    traceparent: given,
    tracestate: own ? carrier.tracestate : native.traceContext?.traceState || void 0,
    fields: { function: name, ...fields },
    native
  };
  enter(invocation);
  return {
    requestId: invocation.requestId,
    traceId: invocation.traceId,
    correlationId: (
      /** @type {string | undefined} */
      fields.correlation_id
    ),
    params,
    trace: () => trace(invocation),
    remaining: () => void 0,
    native: { event, context: native }
  };
}
var INTERFACES, ROUTED, REFERENCE, failed2;
var init_entry = __esm({
  "entry.mjs"() {
    init_invocation();
    init_log();
    INTERFACES = { event: () => Promise.resolve().then(() => (init_events(), events_exports)), task: () => Promise.resolve().then(() => (init_tasks(), tasks_exports)), native: () => Promise.resolve().then(() => (init_native(), native_exports)) };
    ROUTED = /* @__PURE__ */ new Set(["http", "invoke"]);
    REFERENCE = "@Microsoft.KeyVault(";
    failed2 = {};
  }
});

// main.mjs
init_entry();
init_entry();
await start(new URL("./", import.meta.url));
export {
  failed2 as failed
};
