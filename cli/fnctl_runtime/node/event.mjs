// The event that a handler meets: CloudEvents 1.0 attributes, decoded data, and the platform's own message untouched.

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
}

/** @param {any} value */
export function isCloudEvent(value) {
  const named = (/** @type {string} */ name) => typeof value[name] === "string" && value[name] !== "";
  return value !== null && typeof value === "object" && value.specversion === "1.0" && named("id") && named("source") && named("type");
}

/**
 * Reads a structured CloudEvent. `transport`, the id that the carrier gave the message, is kept as the extension `transportid`.
 * @param {any} value
 * @param {{transport?: string, attempt?: number, native?: unknown}} carrier
 */
export function fromStructured(value, { transport, attempt, native } = {}) {
  const extensions = Object.fromEntries(Object.entries(value).filter(([name]) => !CORE.has(name)));
  if (transport !== undefined) extensions.transportid ??= transport;
  const data = "data_base64" in value ? new Uint8Array(Buffer.from(value.data_base64, "base64")) : value.data;
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
 * @param {string | Uint8Array} body
 * @param {{id: string, source: string, type: string, subject?: string, time?: string, attempt?: number, native?: unknown}} envelope
 */
export function message(body, envelope) {
  const [data, datacontenttype] = decode(body);
  if (isCloudEvent(data)) return fromStructured(data, { transport: envelope.id, attempt: envelope.attempt, native: envelope.native });
  return new CloudEvent({ ...envelope, data, datacontenttype });
}

/** RFC 3339 in UTC with milliseconds. @param {number} milliseconds since the epoch */
export function timestamp(milliseconds) {
  return new Date(milliseconds).toISOString();
}
