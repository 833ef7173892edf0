// Speaking to Vercel Queues about one delivery: settle it, hold it longer, fetch what was too large to be pushed, and send.

const TIMEOUT = 10_000; // milliseconds
const ATTEMPTS = 3;

/** One delivery of one message to one consumer. */
export class Delivery {
  /** @param {Headers} headers @param {Buffer} body */
  constructor(headers, body) {
    const word = (/** @type {string} */ name) => headers.get(`ce-vqs${name}`) ?? "";
    this.id = word("messageid");
    this.topic = word("queuename");
    this.count = Number(word("deliverycount") || 1);
    this.created = word("createdat") || undefined;
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
    const response = await this.#ask("POST", this.#place("id", this.id), { accept: "multipart/mixed", ...deployment() }, undefined, [200]);
    const [fields, body] = firstPart(response.headers.get("content-type") ?? "", Buffer.from(await response.arrayBuffer()));
    this.body = body;
    this.handle = fields.get("vqs-receipt-handle") ?? "";
    this.count = Number(fields.get("vqs-delivery-count") ?? 1);
    this.created = fields.get("vqs-timestamp") ?? this.created;
  }

  /** Says that it is done. One that is settled already, or whose time has run out, is no error. */
  async settle() {
    await this.#ask("DELETE", this.#place("lease", this.handle), {}, undefined, [200, 202, 204, 404]);
  }

  /** Keeps it from other instances for this long, from now on. @param {number} seconds */
  async hold(seconds) {
    const said = JSON.stringify({ visibilityTimeoutSeconds: seconds });
    await this.#ask("PATCH", this.#place("lease", this.handle), { "content-type": "application/json" }, said, [200, 202, 204]);
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
    const asked = { method, headers: { ...headers, authorization: `Bearer ${this.token}` }, body: /** @type {any} */ (body) };
    let trouble = "";
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      try {
        const response = await fetch(`${base}/api/v3/topic${path}`, { ...asked, signal: AbortSignal.timeout(TIMEOUT) });
        if (fine.includes(response.status)) return response;
        trouble = `${response.status} ${(await response.text()).slice(0, 200)}`;
        if (response.status < 500 && response.status !== 429) break;
      } catch (error) {
        const { message, cause } = /** @type {Error} */ (error);
        trouble = cause instanceof Error ? `${message}: ${cause.message}` : message;
      }
    }
    throw new Error(`${method} of message ${this.id} failed: ${trouble}`);
  }
}

/** Stays with this deployment's messages; the local broker of `vercel dev` knows none. @returns {Record<string, string>} */
function deployment() {
  const name = process.env.VERCEL_DEPLOYMENT_ID;
  return name && process.env.VERCEL_QUEUE_TOKEN !== "vc-dev-token" ? { "vqs-deployment-id": name } : {};
}

/** Takes the first part of a multipart answer apart. @param {string} media @param {Buffer} answer @returns {[Headers, Buffer]} */
function firstPart(media, answer) {
  const boundary = /boundary="?([^";]+)/.exec(media)?.[1].trim();
  const all = Buffer.concat([Buffer.from("\r\n"), answer]);
  const line = `\r\n--${boundary}`;
  const start = boundary ? all.indexOf(line) : -1;
  const head = start < 0 ? -1 : all.indexOf("\r\n\r\n", start);
  const end = head < 0 ? -1 : all.indexOf(line, head + 4);
  if (end < 0) throw new Error("the answer of Queues holds no message");
  const fields = new Headers();
  for (const field of all.toString("latin1", start + line.length, head).split("\r\n")) {
    const at = field.indexOf(":");
    if (at > 0) fields.append(field.slice(0, at).trim(), field.slice(at + 1).trim());
  }
  return [fields, all.subarray(head + 4, end)];
}
