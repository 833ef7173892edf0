// The event that a handler meets: CloudEvents 1.0 attributes, decoded data, and the platform's own message untouched.

import { trace } from "./invocation.mjs";

const CORE = new Set(["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data", "data_base64"]);

/** One thing that happened; `fnctl-runtime.d.ts` describes each member for authors. */
export class CloudEvent {
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
    const { "x-correlation-id": _ours, ...carried } = trace();
    const extensions = { correlationid: this.extensions.correlationid ?? this.id, causationid: this.id, ...carried };
    const id = uuid5([this.source, this.id, type, name].join("\n"));
    return new CloudEvent({ id, source, type, data, subject, time: timestamp(Date.now()), extensions });
  }
}

const NAMESPACE_URL = Buffer.from("6ba7b8119dad11d180b400c04fd430c8", "hex"); // RFC 9562, section 6.6

/** A name-based UUID, the same as Python's uuid5. @param {string} name */
function uuid5(name) {
  const { createHash } = process.getBuiltinModule("node:crypto"); // only who sends pays for loading it
  const hash = createHash("sha1").update(NAMESPACE_URL).update(name).digest().subarray(0, 16);
  hash[6] = (hash[6] & 0x0f) | 0x50;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  return hash.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @param {any} value */
export function isCloudEvent(value) {
  if (value === null || typeof value !== "object" || value.specversion !== "1.0") return false;
  // A sender's mistake must not cost the rest of the batch: it arrives as the message that it is.
  if ("data_base64" in value && !(typeof value.data_base64 === "string" && BASE64.test(value.data_base64))) return false;
  return ["id", "source", "type"].every((name) => typeof value[name] === "string" && value[name] !== "");
}

/**
 * Reads a structured CloudEvent. `transport`, the id that the carrier gave the message, is kept as the extension `transportid`.
 * @param {any} value
 * @param {{transport?: string, attempt?: number, native?: unknown}} carrier
 */
export function fromStructured(value, { transport, attempt, native } = {}) {
  const extensions = Object.fromEntries(Object.entries(value).filter(([name]) => !CORE.has(name)));
  if (transport !== undefined) extensions.transportid ??= transport;
  const data = "data_base64" in value ? new Uint8Array(Buffer.from(value.data_base64, "base64")) : (value.data ?? null);
  const { id, source, type, subject, time, datacontenttype } = value;
  return new CloudEvent({ id, source, type, subject, time, datacontenttype, data, extensions, attempt, native });
}

/**
 * Turns a message body into data and its media type: JSON where it parses, else text, else the bytes.
 * @param {string | Uint8Array} body
 * @returns {[unknown, string]}
 */
export function decode(body) {
  let text = body;
  if (typeof text !== "string") {
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
    } catch {
      return [body, "application/octet-stream"];
    }
  }
  try {
    return [JSON.parse(text), "application/json"];
  } catch {
    return [text, "text/plain"];
  }
}

/**
 * Makes the event of a broker's message. A body that is itself a CloudEvent is delivered as such: its id is the one from end to end.
 * `extensions` are those that the carrier knows, such as a `traceparent` among the message's attributes; a CloudEvent's own win.
 * @param {string | Uint8Array} body
 * @param {{id: string, source: string, type: string, subject?: string, time?: string, extensions?: Record<string, unknown>, attempt?: number,
 *   native?: unknown}} envelope
 */
export function message(body, envelope) {
  const [data, datacontenttype] = decode(body);
  if (isCloudEvent(data)) {
    const event = fromStructured(data, { transport: envelope.id, attempt: envelope.attempt, native: envelope.native });
    event.extensions = { ...envelope.extensions, ...event.extensions };
    return event;
  }
  return new CloudEvent({ ...envelope, data, datacontenttype });
}

/** RFC 3339 in UTC with milliseconds. @param {number} milliseconds since the epoch */
export function timestamp(milliseconds) {
  return new Date(milliseconds).toISOString();
}
