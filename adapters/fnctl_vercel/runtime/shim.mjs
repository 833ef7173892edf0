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
    const failure = new Error(`cannot import ${config.source}: ${told}`, { cause: error });
    if (error instanceof Error) failure.stack = `${failure.message}
${error.stack}`;
    throw failure;
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
  bind: () => bind,
  read: () => read,
  write: () => write
});
import { once } from "node:events";
function bind(handler, config, spans2) {
  const plainly = config.interface === "fetch" ? fetching(handler) : calling(handler);
  const respond = spans2 ? spans2.requests(plainly, (request) => described(request, config)) : plainly;
  return async (incoming, outgoing) => {
    const request = await read(incoming);
    const found = config.routes.length ? match(config.routes, request.method, request.path) : {};
    Object.assign(request.pathParams, found);
    const call = begin(config, request.headers, incoming, { params: request.pathParams, fields: correlated(request.headers) });
    const lost = !found && config.interface === "function";
    const response = lost ? Response.json({ error: "not found" }, { status: 404 }) : await guarded(respond, request, call, config);
    await write(response, outgoing, request.method === "HEAD");
  };
}
async function guarded(respond, request, call, config) {
  try {
    const kind = config.trigger?.kind ?? (request.path in config.crons ? "schedule" : void 0);
    if (kind) throw new TypeError(`${config.function} is of interface \`${config.interface}\`, and was sent an event (${kind})`);
    return await respond(request, call);
  } catch (error) {
    if (error instanceof BadRequest) return refused(error);
    console.error("request failed", error, { method: request.method, path: request.path });
    return failed(request.id);
  }
}
function described({ method, path, headers }, config) {
  const fits = config.routes.filter((route) => match([route], method, path));
  const client = headers.get("x-forwarded-for")?.split(",")[0].trim();
  return { method, path, headers, route: fits.length === 1 ? fits[0][1] : void 0, client };
}
async function read(incoming) {
  const [rawPath, ...rest] = (incoming.url ?? "/").split("?");
  const headers = headersOf(incoming);
  return {
    method: (incoming.method ?? "GET").toUpperCase(),
    path: decoded(rawPath),
    rawPath,
    queryString: rest.join("?"),
    pathParams: {},
    headers,
    body: await bodyOf(incoming),
    id: headers.get("x-vercel-id") ?? "",
    native: incoming
  };
}
async function write(response, outgoing, bare = false) {
  for (const [name, value] of response.headers) if (name !== "set-cookie") outgoing.setHeader(name, value);
  const cookies = response.headers.getSetCookie();
  if (cookies.length) outgoing.setHeader("set-cookie", cookies);
  outgoing.statusCode = response.status;
  try {
    for await (const chunk of !bare && response.body || []) if (!outgoing.write(chunk)) await once(outgoing, "drain");
    outgoing.end();
  } catch (error) {
    console.error("the answer broke off", error);
    outgoing.destroy();
  }
}
var init_http = __esm({
  "http.mjs"() {
    init_entry();
    init_request();
    init_routes();
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
        const { "x-correlation-id": _ours, ...carried2 } = trace();
        const extensions = { correlationid: this.extensions.correlationid ?? this.id, causationid: this.id, ...carried2 };
        const id = uuid5([this.source, this.id, type, name].join("\n"));
        return new _CloudEvent({ id, source, type, data, subject, time: timestamp(Date.now()), extensions });
      }
    };
    NAMESPACE_URL = Buffer.from("6ba7b8119dad11d180b400c04fd430c8", "hex");
    BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  }
});

// events.mjs
function serving(take, plain, config, spans2) {
  const handler = spans2 ? spans2.events(plain, config) : plain;
  return async (incoming, outgoing) => {
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
function refusal(error, status) {
  return Response.json({ error }, { status });
}
function nativeOf(request) {
  return { headers: Object.fromEntries(request.headers), body: request.body };
}
async function deliver(handler, config, request, event) {
  const carrier = (
    /** @type {Record<string, any>} */
    event.extensions
  );
  const fields = { event_id: event.id, ...carrier.correlationid && { correlation_id: carrier.correlationid } };
  const whole2 = config.trigger?.whole;
  const call = begin(config, request.headers, event.native, whole2 ? {} : { carrier, fields });
  try {
    const answer2 = await handler(whole2 ? [event] : event, call);
    return !(whole2 && (answer2 ?? []).some((entry) => (entry?.id ?? entry) === event.id));
  } catch (error) {
    console.error("event failed", error, { event_type: event.type, source: event.source, attempt: event.attempt });
    return false;
  }
}
var init_events = __esm({
  "events.mjs"() {
    init_entry();
    init_http();
    init_request();
  }
});

// queues.mjs
function deployment() {
  const name = process.env.VERCEL_DEPLOYMENT_ID;
  return name && process.env.VERCEL_QUEUE_TOKEN !== "vc-dev-token" ? { "vqs-deployment-id": name } : {};
}
function firstPart(media, answer2) {
  const boundary = /boundary="?([^";]+)/.exec(media)?.[1].trim();
  const all = Buffer.concat([Buffer.from("\r\n"), answer2]);
  const line2 = `\r
--${boundary}`;
  const start2 = boundary ? all.indexOf(line2) : -1;
  const head = start2 < 0 ? -1 : all.indexOf("\r\n\r\n", start2);
  const end = head < 0 ? -1 : all.indexOf(line2, head + 4);
  if (end < 0) throw new Error("the answer of Queues holds no message");
  const fields = new Headers();
  for (const field of all.toString("latin1", start2 + line2.length, head).split("\r\n")) {
    const at = field.indexOf(":");
    if (at > 0) fields.append(field.slice(0, at).trim(), field.slice(at + 1).trim());
  }
  return [fields, all.subarray(head + 4, end)];
}
var TIMEOUT, ATTEMPTS, Delivery;
var init_queues = __esm({
  "queues.mjs"() {
    TIMEOUT = 1e4;
    ATTEMPTS = 3;
    Delivery = class {
      /** @param {Headers} headers @param {Buffer} body */
      constructor(headers, body) {
        const word = (name) => headers.get(`ce-vqs${name}`) ?? "";
        this.id = word("messageid");
        this.topic = word("queuename");
        this.count = Number(word("deliverycount") || 1);
        this.created = word("createdat") || void 0;
        this.until = word("visibilitydeadline");
        this.body = body;
        this.consumer = word("consumergroup");
        this.handle = word("receipthandle");
        this.region = word("region") || process.env.VERCEL_REGION || "iad1";
        this.token = process.env.VERCEL_QUEUE_TOKEN || headers.get("x-vercel-oidc-token") || process.env.VERCEL_OIDC_TOKEN;
      }
      /** Whether the message came along: of a large one only the news comes. */
      get whole() {
        return this.handle !== "";
      }
      /** Brings the message that was only announced. */
      async fetch() {
        const response = await this.#ask("POST", this.#place("id", this.id), { accept: "multipart/mixed", ...deployment() }, void 0, [200]);
        const [fields, body] = firstPart(response.headers.get("content-type") ?? "", Buffer.from(await response.arrayBuffer()));
        this.body = body;
        this.handle = fields.get("vqs-receipt-handle") ?? "";
        this.count = Number(fields.get("vqs-delivery-count") ?? 1);
        this.created = fields.get("vqs-timestamp") ?? this.created;
      }
      /** Says that it is done. One that is settled already, or whose time has run out, is no error. */
      async settle() {
        await this.#ask("DELETE", this.#place("lease", this.handle), {}, void 0, [200, 202, 204, 404]);
      }
      /** Keeps it from other instances for this long, from now on. @param {number} seconds */
      async hold(seconds) {
        const said2 = JSON.stringify({ visibilityTimeoutSeconds: seconds });
        await this.#ask("PATCH", this.#place("lease", this.handle), { "content-type": "application/json" }, said2, [200, 202, 204]);
      }
      /** Sends the same message to another topic; once, however often it is tried. @param {string} topic @param {string} media */
      async forward(topic, media) {
        const headers = { "content-type": media, "vqs-idempotency-key": `${this.consumer}:${this.id}`, ...deployment() };
        await this.#ask("POST", `/${encodeURIComponent(topic)}`, headers, this.body, [200, 201, 202]);
      }
      /** @param {string} what @param {string} name */
      #place(what, name) {
        return [this.topic, "consumer", this.consumer, what, name].map((part) => `/${encodeURIComponent(part)}`).join("");
      }
      /**
       * @param {string} method @param {string} path @param {Record<string, string>} headers @param {string | Buffer | undefined} body
       * @param {number[]} fine
       */
      async #ask(method, path, headers, body, fine) {
        if (!this.token) throw new Error("no token for Queues: the project's OIDC token is not in the request, and VERCEL_OIDC_TOKEN is not set");
        const base = (process.env.VERCEL_QUEUE_BASE_URL ?? "https://{region}.vercel-queue.com").replace("{region}", this.region).replace(/\/$/, "");
        const asked2 = { method, headers: { ...headers, authorization: `Bearer ${this.token}` }, body: (
          /** @type {any} */
          body
        ) };
        let trouble = "";
        for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
          try {
            const response = await fetch(`${base}/api/v3/topic${path}`, { ...asked2, signal: AbortSignal.timeout(TIMEOUT) });
            if (fine.includes(response.status)) return response;
            trouble = `${response.status} ${(await response.text()).slice(0, 200)}`;
            if (response.status < 500 && response.status !== 429) break;
          } catch (error) {
            const { message: message2, cause } = (
              /** @type {Error} */
              error
            );
            trouble = cause instanceof Error ? `${message2}: ${cause.message}` : message2;
          }
        }
        throw new Error(`${method} of message ${this.id} failed: ${trouble}`);
      }
    };
  }
});

// messages.mjs
var messages_exports = {};
__export(messages_exports, {
  bind: () => bind2
});
function bind2(handler, config, spans2) {
  return serving(pushed, handler, config, spans2);
}
async function pushed(handler, config, request) {
  const trigger = (
    /** @type {Trigger} */
    config.trigger
  );
  const { headers } = request;
  if (!headers.get("ce-type")?.startsWith("com.vercel.queue.") || headers.get("ce-vqsqueuename") !== trigger.topic) {
    return refusal("not a message of this queue", 400);
  }
  const delivery = new Delivery(headers, request.body);
  if (!delivery.whole) await delivery.fetch();
  const { kind, key, most } = trigger;
  const event = message(delivery.body, {
    id: delivery.id,
    source: `/${config.service}/${kind}/${key}`,
    type: `fnctl.${kind}.message`,
    time: delivery.created,
    extensions: carried(headers),
    attempt: delivery.count,
    native: { ...nativeOf(request), body: delivery.body }
  });
  if (most === null || delivery.count <= most) {
    const holding = hold(delivery);
    const done = await deliver(handler, config, request, event).finally(() => clearTimeout(holding.timer));
    if (done) return settled(delivery);
    if (most === null || delivery.count < most) return failed(request.id);
  }
  return givenUp(delivery, trigger.dead, headers.get("content-type") ?? MEDIA);
}
function carried(headers) {
  const beside = headers.has("ce-traceparent") ? [] : ["traceparent", "tracestate"];
  const named = ["traceparent", "tracestate", "correlationid", "causationid"].map((name) => [name, headers.get(`ce-${name}`)]);
  const found = [...named, ...beside.map((name) => [name, headers.get(name)])];
  return (
    /** @type {Record<string, string>} */
    Object.fromEntries(found.filter(([, value]) => value))
  );
}
function hold(delivery) {
  const left = delivery.until ? (Date.parse(delivery.until) - Date.now()) / 1e3 : LEASE;
  const holding = {};
  const again = (seconds) => {
    holding.timer = setTimeout(longer, Math.max(1, seconds - MARGIN) * 1e3);
  };
  const longer = () => {
    again(LEASE);
    delivery.hold(LEASE).catch((error) => console.warn("the message may be delivered a second time", error));
  };
  again(left);
  return holding;
}
async function settled(delivery) {
  try {
    await delivery.settle();
  } catch (error) {
    console.warn("the message may be delivered a second time", error);
  }
  return new Response(null);
}
async function givenUp(delivery, dead, media) {
  if (dead) await delivery.forward(dead, media);
  console.error(`the message failed ${delivery.count} times; ${dead ? `it is in ${dead} now` : "it is dropped"}`);
  return settled(delivery);
}
var MEDIA, LEASE, MARGIN;
var init_messages = __esm({
  "messages.mjs"() {
    init_event();
    init_events();
    init_queues();
    init_request();
    MEDIA = "application/octet-stream";
    LEASE = 300;
    MARGIN = 30;
  }
});

// door.mjs
function refusedCaller(headers) {
  const secret = process.env.CRON_SECRET;
  if (!secret) console.error("CRON_SECRET is not set in the project: crons cannot be told from strangers, and are refused");
  const [given, wanted] = [headers.get("authorization") ?? "", `Bearer ${secret}`].map((text2) => Buffer.from(text2));
  if (secret && given.length === wanted.length && crypto().timingSafeEqual(given, wanted)) return void 0;
  return Response.json({ error: "not a caller of this project" }, { status: 401 });
}
var crypto;
var init_door = __esm({
  "door.mjs"() {
    crypto = () => process.getBuiltinModule("node:crypto");
  }
});

// clocks.mjs
var clocks_exports = {};
__export(clocks_exports, {
  bind: () => bind3
});
function bind3(handler, config, spans2) {
  return serving(config.trigger ? scheduled : asked, handler, config, spans2);
}
async function asked(handler, config, request) {
  const key = request.method === "GET" && Object.hasOwn(config.crons, request.path) ? config.crons[request.path] : void 0;
  if (key === void 0 && !(request.method === "POST" && request.path === config.door)) return refusal("not found", 404);
  const refused2 = refusedCaller(request.headers);
  if (refused2) return refused2;
  if (key !== void 0) return schedule(handler, config, request, key, minute(), {});
  const [data, datacontenttype] = decode(request.body);
  const source = `/${config.service}/${config.function}`;
  const event = new CloudEvent({ id: request.id, source, type: "fnctl.invoke", data, datacontenttype, native: nativeOf(request) });
  const answer2 = await handler(event, begin(config, request.headers, event.native, { fields: { event_id: event.id } }));
  return Response.json(answer2 ?? null);
}
function minute() {
  return `${new Date(Date.now()).toISOString().slice(0, 16)}:00Z`;
}
async function scheduled(handler, config, request) {
  const due = request.headers.get("ce-vssscheduledat");
  const executionid = request.headers.get("ce-id");
  if (!due) return refusal("not a schedule", 400);
  return schedule(handler, config, request, config.trigger?.key ?? "", due.replace(".000Z", "Z"), executionid ? { executionid } : {});
}
async function schedule(handler, config, request, key, due, extensions) {
  const source = `/${config.service}/schedule/${key}`;
  const about2 = { type: "fnctl.schedule", data: { schedule: key, time: due }, subject: key, time: due, extensions, native: nativeOf(request) };
  const event = new CloudEvent({ id: `${key}@${due}`, source, ...about2 });
  return await deliver(handler, config, request, event) ? new Response(null) : failed(request.id);
}
var init_clocks = __esm({
  "clocks.mjs"() {
    init_door();
    init_entry();
    init_event();
    init_events();
    init_request();
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
function events(api, handler, config) {
  return (subject, context) => {
    const batch = Array.isArray(subject);
    const facts = batch ? { "faas.trigger": "pubsub", "messaging.batch.message_count": subject.length } : eventFacts(subject);
    const parents = batch ? subject.map((event) => spanContext(api, event.extensions)).filter(Boolean) : [];
    const about2 = { kind: api.SpanKind.CONSUMER, facts, links: parents.map((linked) => ({ context: linked })) };
    return spanned(api, config.function, about2, () => handler(subject, context));
  };
}
function tasks(api, handler, config) {
  return (input, context) => {
    const { run, step, key, attempt } = context;
    const facts = { "faas.trigger": "other", "fnctl.run": run, "fnctl.step": step, "fnctl.key": key, "fnctl.attempt": attempt };
    return spanned(api, config.function, { kind: api.SpanKind.SERVER, facts }, () => handler(input, context));
  };
}
function requests(api, respond, describe) {
  return (request, context) => {
    const { method, path, headers, route, client } = describe(request);
    const facts = {
      "faas.trigger": "http",
      "http.request.method": method,
      "http.route": route,
      "url.path": path,
      "url.scheme": (headers.get("x-forwarded-proto") ?? "https").split(",")[0].trim(),
      "server.address": headers.get("host") ?? void 0,
      "client.address": client || void 0,
      "user_agent.original": headers.get("user-agent") ?? void 0
    };
    return spanned(api, route ? `${method} ${route}` : method, { kind: api.SpanKind.SERVER, facts }, async (span) => {
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

// entry.mjs
import { readFileSync } from "node:fs";
async function start(root) {
  const config = JSON.parse(readFileSync(new URL("_fnctl.json", root), "utf8"));
  if (config.logs.format === "json") {
    const theirs = { ...console };
    const fields = { service: config.service, stage: config.stage, function: config.function };
    configure({ level: config.logs.level, fields, write: (line2, name) => theirs[name](line2.trimEnd()) });
  }
  secrets(config.secrets, process.env);
  addresses(config.calls, process.env);
  const ours = roomOf(config);
  const { target, api } = await load(root, config);
  const otel = config.tracing === "otel" && await spans(api);
  const handle = (await ours).bind(target, config, otel);
  return otel ? otel.flushing(handle) : handle;
}
function roomOf({ interface: how, trigger }) {
  if (how !== "event") return Promise.resolve().then(() => (init_http(), http_exports));
  return trigger && trigger.kind !== "schedule" ? Promise.resolve().then(() => (init_messages(), messages_exports)) : Promise.resolve().then(() => (init_clocks(), clocks_exports));
}
async function spans(api) {
  if (!api) {
    console.error("no spans: `tracing: otel` needs @opentelemetry/api in the bundle");
    return false;
  }
  const { events: events2, requests: requests2, flushing: flushing2 } = await Promise.resolve().then(() => (init_otel(), otel_exports));
  return { events: events2.bind(void 0, api), requests: requests2.bind(void 0, api), flushing: flushing2.bind(void 0, api) };
}
function secrets(names, env) {
  const missing = names.filter((name) => env[name] === void 0);
  if (missing.length) throw new Error(`secret ${missing.join(", ")} is not set in the project, or was set after this deployment`);
}
function addresses(names, env) {
  for (const name of env.VERCEL_URL ? names : []) env[name] ??= `https://${env.VERCEL_URL}`;
}
function begin(config, headers, native, { carrier = {}, params = {}, fields = {} } = {}) {
  const nearer = traceparentOf(carrier.traceparent);
  const traceparent = nearer ?? traceparentOf(headers.get("traceparent"));
  const tracestate = traceparent && ((nearer ? carrier.tracestate : headers.get("tracestate")) ?? void 0);
  const invocation = { requestId: headers.get("x-vercel-id") ?? "", traceId: traceId(traceparent), traceparent, tracestate, fields };
  const deadline = config.timeout ? Date.now() + config.timeout * 1e3 : void 0;
  enter(invocation);
  return {
    requestId: invocation.requestId,
    get traceId() {
      return invocation.traceId;
    },
    correlationId: (
      /** @type {string | undefined} */
      fields.correlation_id
    ),
    params,
    trace: () => trace(invocation),
    remaining: () => deadline && Math.max(0, deadline - Date.now()),
    native: { event: native, context: void 0 }
  };
}
function correlated(headers) {
  const correlation = headers.get("x-correlation-id");
  return correlation ? { correlation_id: correlation } : {};
}
function headersOf(incoming) {
  const headers = new Headers();
  const raw = incoming.rawHeaders;
  for (let at = 0; at < raw.length; at += 2) if (!raw[at].startsWith(":")) headers.append(raw[at], raw[at + 1]);
  return headers;
}
async function bodyOf(incoming) {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(
    /** @type {Buffer} */
    chunk
  );
  return Buffer.concat(chunks);
}
var init_entry = __esm({
  "entry.mjs"() {
    init_invocation();
    init_log();
  }
});

// main.mjs
init_entry();
var main_default = await start(new URL("./", import.meta.url));
export {
  main_default as default
};
