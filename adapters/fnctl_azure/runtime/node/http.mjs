// HTTP on Azure: the library's request in, its response out. The host has no stage in its paths, and its `api` prefix is off.

import { begin } from "./entry.mjs";
import { BadRequest, answer, calling, failed, fetching, refused } from "./request.mjs";
import { decoded, match } from "./routes.mjs";

/** @typedef {import("@azure/functions").HttpRequest} HttpRequest */
/** @typedef {{method: string, path: string, rawPath: string, queryString: string, pathParams: Record<string, string>, headers: Headers,
 *   body: Buffer, id: string, native: unknown}} Parts */

const BARE = new Set([101, 204, 205, 304]); // statuses whose Response must have no body

/** @param {Function} handler @param {import("./entry.mjs").Config} config @param {import("./entry.mjs").Door} door */
export function bind(handler, config, door) {
  const respond = config.interface === "fetch" ? fetching(handler) : calling(handler);
  return async (/** @type {HttpRequest} */ request, /** @type {import("./entry.mjs").Native} */ native) => {
    const parts = await read(request, native, config.routes);
    if (door.kind === "invoke") Object.assign(parts, { path: "/", rawPath: "/" });
    const carrier = Object.fromEntries(["traceparent", "tracestate"].map((name) => [name, parts.headers.get(name) ?? undefined]));
    const correlation = parts.headers.get("x-correlation-id");
    const fields = correlation ? { correlation_id: correlation } : {};
    const call = begin(request, native, config.function, { carrier, params: parts.pathParams, fields });
    return guarded(respond, parts, call);
  };
}

/**
 * Answers, also when the handler or the stream of its answer fails.
 * @param {Function} respond @param {Parts} request @param {unknown} call
 */
async function guarded(respond, request, call) {
  try {
    return await write(await respond(request, call));
  } catch (error) {
    if (error instanceof BadRequest) return write(refused(error));
    console.error("request failed", error, { method: request.method, path: request.path });
    return write(failed(request.id));
  }
}

/**
 * The path is as it was sent; what the route's parts hold is read from it, so that all platforms decode alike.
 * @param {HttpRequest} request @param {import("./entry.mjs").Native} native @param {[string, string][]} routes
 */
async function read(request, native, routes) {
  const { pathname, search } = new URL(request.url);
  const path = decoded(pathname);
  const method = request.method.toUpperCase();
  const headers = new Headers(/** @type {any} */ (request.headers));
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
    native: request,
  };
}

/** @param {Response} response */
async function write(response) {
  const body = BARE.has(response.status) ? undefined : Buffer.from(await response.arrayBuffer());
  const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== "set-cookie"));
  return { status: response.status, headers, cookies: response.headers.getSetCookie().map(cookieOf), body };
}

// Signs that a cookie may hold as they are, the percent sign itself where it begins no other: the host encoded them on the way out.
const SIGNS = /%(?:2[1346-9ABF]|3[AC-F]|40|5[BDE]|60|7[BCD]|25(?![0-9A-F]{2}))/gi;

/**
 * Puts cookies as a browser does, and their values as they were set, so that a signed one is still the same. The host joins those of several headers
 * by commas (azure-functions-host#9505).
 * @param {string} header
 */
function cookies(header) {
  return header.replace(/,\s*(?=[^\s;,=]+=)/g, "; ").replace(SIGNS, (found) => String.fromCharCode(parseInt(found.slice(1), 16)));
}

/** The library has a place of its own for cookies, and takes them apart. @param {string} text */
function cookieOf(text) {
  const [pair, ...attributes] = text.split(";").map((part) => part.trim());
  /** @type {Record<string, string>} */
  const said = Object.fromEntries(attributes.map((part) => [part.split("=")[0].toLowerCase(), part.slice(part.indexOf("=") + 1)]));
  const at = pair.indexOf("=");
  return {
    name: pair.slice(0, at),
    value: plain(pair.slice(at + 1)),
    domain: said.domain,
    path: said.path,
    ...(said.expires && { expires: new Date(said.expires) }),
    ...("max-age" in said && { maxAge: Number(said["max-age"]) }),
    ...("secure" in said && { secure: true }),
    ...("httponly" in said && { httpOnly: true }),
    ...(said.samesite && { sameSite: /** @type {"Strict" | "Lax" | "None"} */ (said.samesite) }),
  };
}

/** The host percent-encodes values: what is encoded already would be so twice (azure-functions-python-worker#1794). @param {string} value */
function plain(value) {
  const bare = value.replace(/^"(.*)"$/, "$1");
  const found = decoded(bare);
  return /%(?![0-9a-f]{2})/i.test(bare) || found.includes("\ufffd") ? bare : found;
}
