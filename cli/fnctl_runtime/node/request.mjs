// The request that a `function` handler meets, and what its answer becomes. A `fetch` handler meets the web's own Request.

/** What the client sent makes no sense: answered with 400 and this message. */
export class BadRequest extends Error {
  name = "BadRequest";
}

/** One HTTP request; `fnctl-runtime.d.ts` describes each member for authors. */
export class FunctionRequest {
  /**
   * @param {{method: string, path: string, queryString: string, pathParams: Record<string, string>, headers: Headers, body: Buffer,
   *   id: string, native: unknown}} parts
   */
  constructor(parts) {
    this.method = parts.method;
    this.path = parts.path;
    this.pathParams = parts.pathParams;
    this.query = new URLSearchParams(parts.queryString);
    this.headers = parts.headers;
    this.body = parts.body;
    this.id = parts.id;
    this.native = parts.native;
  }

  /** Cookies by name; of two with one name the first, which is the more specific one. */
  get cookies() {
    /** @type {Record<string, string>} */
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
      throw new BadRequest(`the body is not JSON: ${/** @type {Error} */ (error).message}`);
    }
  }
}

/**
 * Turns what a handler returned into a Response: any value is JSON, text is text, bytes are bytes, nothing is 204.
 * @param {unknown} value
 */
export function answer(value) {
  if (value instanceof Response) return whole(value);
  if (value === undefined || value === null) return new Response(null, { status: 204 });
  if (typeof value === "string") return new Response(value, { headers: { "content-type": "text/plain; charset=utf-8" } });
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return new Response(/** @type {any} */ (value), { headers: { "content-type": "application/octet-stream" } });
  return Response.json(value);
}

/** Refuses what a fetch handler cannot answer with: there is nothing in it to send. @param {unknown} value */
export function whole(value) {
  if (!(value instanceof Response)) throw new TypeError(`a fetch handler answers with a Response, and this one answered with ${typeof value}`);
  if (value.bodyUsed) throw new TypeError("the body of the answer has been read already");
  if (value.status === 0) throw new TypeError("the answer is a network error, Response.error()");
  return value;
}

/** @param {BadRequest} error */
export function refused(error) {
  return Response.json({ error: error.message }, { status: 400 });
}

/** What went wrong is in the log, and no detail of it leaves. @param {string} requestId */
export function failed(requestId) {
  return Response.json({ error: "internal server error", request_id: requestId }, { status: 500 });
}

/**
 * What a request is to a handler of either interface.
 * @typedef {{method: string, path: string, rawPath: string, queryString: string, pathParams: Record<string, string>, headers: Headers,
 *   body: Buffer, id: string, native: unknown}} Parts
 */

/** Calls a handler of the interface `function`. @param {Function} handler */
export function calling(handler) {
  return async (/** @type {Parts} */ parts, /** @type {unknown} */ call) => answer(await handler(new FunctionRequest(parts), call));
}

/** Calls one of the interface `fetch`. @param {Function} handler */
export function fetching(handler) {
  return async (/** @type {Parts} */ { method, headers, rawPath, queryString, body }, /** @type {unknown} */ call) => {
    const scheme = (headers.get("x-forwarded-proto") ?? "https").split(",")[0].trim();
    const url = `${scheme}://${headers.get("host") ?? "localhost"}${rawPath}${queryString && `?${queryString}`}`;
    const bodiless = method === "GET" || method === "HEAD" || body.length === 0;
    return whole(await handler(new Request(url, { method, headers, body: bodiless ? undefined : new Uint8Array(body) }), call));
  };
}
