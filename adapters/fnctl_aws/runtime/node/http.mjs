// HTTP on Lambda: payload 2.0 (HTTP API, function URL), 1.0 and load balancers in; the answer in the shape that the front expects.

import { begin } from "./entry.mjs";
import { BadRequest, answer, calling, failed, fetching, refused } from "./request.mjs";
import { decoded, match } from "./routes.mjs";
import { envelope } from "./shapes.mjs";

/** @typedef {import("./entry.mjs").Config} Config @typedef {any} Native */
/** @typedef {{method: string, path: string, rawPath: string, queryString: string, pathParams: Record<string, string>, headers: Headers,
 *   body: Buffer, id: string, native: Native}} Parts */

const V2 = { version: "2.0" };
const BARE = new Set([101, 204, 205, 304]); // statuses whose Response must have no body

/** @param {Function} handler @param {Config} config @param {import("./entry.mjs").Spans | false} [spans] where calls are traced */
export function bind(handler, config, spans) {
  const plainly = config.interface === "fetch" ? fetching(handler) : calling(handler);
  const respond = spans ? spans.requests(plainly, described) : plainly;
  return async (/** @type {Native} */ native, /** @type {any} */ context) => {
    const kind = envelope(native);
    if (kind !== undefined && kind !== "http") {
      throw new TypeError(`${config.function} is of interface \`${config.interface}\`, and was sent an event (${kind})`);
    }
    const request = kind ? read(native, context) : plain(native, context);
    const routed = !kind || route(request, native, config);
    const call = begin(native, context, { ...carried(request.headers), params: request.pathParams });
    if (!routed) return write(Response.json({ error: "not found" }, { status: 404 }), native);
    return guarded(respond, request, call, kind ? native : V2);
  };
}

/**
 * Finds the manifest's route where the front knows none, as an HTTP API would have done before it called (its own for the path before `{rest*}` has no
 * parameters). Only `function` leaves routing to us.
 * @param {Parts} request @param {Native} native @param {Config} config
 */
function route(request, native, config) {
  if (!config.routes.length || Object.keys(request.pathParams).length) return true;
  const found = match(config.routes, request.method, request.path);
  if (routedHere(native) || Object.values(found ?? {}).every((value) => value === "")) Object.assign(request.pathParams, found);
  return found !== undefined || config.interface !== "function" || !routedHere(native);
}

/**
 * Answers, also when the handler or the stream of its answer fails.
 * @param {Function} respond @param {Parts} request @param {import("./fnctl-runtime.js").Context} call @param {Native} native
 */
async function guarded(respond, request, call, native) {
  try {
    return await write(await respond(request, call), native);
  } catch (error) {
    if (error instanceof BadRequest) return write(refused(error), native);
    console.error("request failed", error, { method: request.method, path: request.path });
    return write(failed(request.id), native);
  }
}

/** What a span says of a request. @param {Parts} request */
function described({ method, path, headers, native }) {
  const route = String(native?.routeKey ?? "").split(" ")[1] ?? native?.resource;
  const client = native?.requestContext?.http?.sourceIp ?? native?.requestContext?.identity?.sourceIp;
  return { method, path, headers, route, client };
}

/** What a request brings along of its trace and its correlation. @param {Headers} headers */
function carried(headers) {
  const carrier = { traceparent: headers.get("traceparent"), tracestate: headers.get("tracestate") ?? undefined };
  const correlation = headers.get("x-correlation-id");
  return { carrier, fields: correlation ? { correlation_id: correlation } : {} };
}

/** A payload that no front made is `POST /` with that JSON. @param {Native} native @param {any} context @returns {Parts} */
function plain(native, context) {
  const headers = new Headers({ "content-type": "application/json", host: "localhost" });
  const body = Buffer.from(JSON.stringify(native));
  return { method: "POST", path: "/", rawPath: "/", queryString: "", pathParams: {}, headers, body, id: context?.awsRequestId ?? "", native };
}

/** @param {Native} native @param {any} context @returns {Parts} */
function read(native, context) {
  const { http, requestId } = native.requestContext;
  const [path, rawPath] = paths(native);
  return {
    method: (http?.method ?? native.httpMethod).toUpperCase(),
    path,
    rawPath,
    queryString: http ? (native.rawQueryString ?? "") : query(native),
    pathParams: parameters(native),
    headers: headersOf(native),
    body: Buffer.from(native.body ?? "", native.isBase64Encoded ? "base64" : "utf8"),
    id: requestId ?? context?.awsRequestId ?? "",
    native,
  };
}

/** Whether it came through a function URL, which knows no routes. @param {Native} native */
function routedHere(native) {
  return (native.requestContext.domainName ?? "").includes(".lambda-url.");
}

/**
 * Whether the path is decoded already: an HTTP API does that (all but `%25`), a function URL, a REST API and a load balancer do not.
 * @param {Native} native
 */
function frontDecodes(native) {
  return native.version === "2.0" ? !routedHere(native) : native.version === "1.0";
}

/** The path decoded, and as it was sent. @param {Native} native @returns {[string, string]} */
function paths(native) {
  const { http, stage = "$default" } = native.requestContext;
  const path = http ? native.rawPath : native.path;
  if (!frontDecodes(native)) return [decoded(path), path];
  const own = stage !== "$default" && `${path}/`.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) || "/" : path;
  const plainly = own.replaceAll("%25", "%");
  return [plainly, encodeURI(plainly).replaceAll("?", "%3F").replaceAll("#", "%23")];
}

/** AWS's `{path+}` is called `path` in the event too, as our `{path*}` is. @param {Native} native @returns {Record<string, string>} */
function parameters(native) {
  const read = frontDecodes(native) ? (/** @type {string} */ value) => value.replaceAll("%25", "%") : decoded;
  const found = /** @type {Record<string, string>} */ (native.pathParameters ?? {});
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, read(value)]));
}

/** @param {Native} native */
function headersOf(native) {
  const headers = new Headers();
  const many = native.multiValueHeaders ?? native.headers ?? {};
  for (const [name, values] of Object.entries(many)) for (const value of [values].flat()) headers.append(name, value);
  if (native.cookies?.length) headers.set("cookie", native.cookies.join("; "));
  return headers;
}

/** Puts a query together again. A load balancer hands it over as it was sent, API Gateway decodes it first. @param {Native} native */
function query(native) {
  const many = Object.entries(native.multiValueQueryStringParameters ?? native.queryStringParameters ?? {});
  const pairs = many.flatMap(([name, values]) => [values].flat().map((value) => [name, String(value)]));
  if ("elb" in native.requestContext) return pairs.map(([name, value]) => `${name}=${value}`).join("&");
  return String(new URLSearchParams(pairs));
}

/** @param {Response} response @param {Native} native */
async function write(response, native) {
  const [body, isBase64Encoded] = BARE.has(response.status) ? ["", false] : text(Buffer.from(await response.arrayBuffer()));
  const cookies = response.headers.getSetCookie();
  const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== "set-cookie"));
  const told = { statusCode: response.status, body, isBase64Encoded };
  if (native.version === "2.0") return { ...told, headers, ...(cookies.length && { cookies }) };
  const many = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const multiValueHeaders = cookies.length ? { ...many, "set-cookie": cookies } : many;
  const single = cookies.length ? { ...headers, "set-cookie": cookies.at(-1) } : headers;
  if (!("elb" in native.requestContext)) return { ...told, headers: single, multiValueHeaders };
  // A load balancer reads the one or the other, by how its target group is set.
  return { ...told, ...("multiValueHeaders" in native ? { multiValueHeaders } : { headers: single }) };
}

/** The body as text where that loses nothing, else in base64. @param {Buffer} body @returns {[string, boolean]} */
function text(body) {
  try {
    return [new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body), false];
  } catch {
    return [body.toString("base64"), true];
  }
}
