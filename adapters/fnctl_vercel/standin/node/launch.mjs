// Runs a built Node `.func` as Vercel's launcher is documented to: a default export that is a `(request, response)` function or an object with
// `fetch`, or exports named after methods; the body is left alone unless helpers are asked for. vercel.com/docs/build-output-api/primitives and
// vercel.com/docs/functions/functions-api-reference, read 2026-11. The port is the first line on standard output; what the function prints goes to
// the descriptor that FNCTL_LINES names, a JSON object a line, with the request that it belongs to.

import { AsyncLocalStorage } from "node:async_hooks";
import { readFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";

const REQUEST = "x-vercel-internal-request-id";
const running = new AsyncLocalStorage();
const folder = resolve(process.argv[2]);
const config = JSON.parse(readFileSync(`${folder}/.vc-config.json`, "utf8"));
if (config.launcherType !== "Nodejs") throw new Error("not a function of the Node launcher");
if (process.argv[3]) Date.now = () => Number(process.argv[3]);
process.chdir(folder);
const say = process.stdout.write.bind(process.stdout);
const lines = Number(process.env.FNCTL_LINES);
for (const stream of lines ? ["stdout", "stderr"] : []) tell(stream);
delete process.env.FNCTL_LINES;
const module = await load(`${folder}/${config.handler}`);
const target = module.default?.default ?? module.default ?? module;

createServer((request, response) => {
  const id = request.headers[REQUEST];
  for (const name of Object.keys(request.headers).filter((one) => one.startsWith("x-vercel-internal-"))) drop(request, name);
  running.run(id, () => serve(request, response));
}).listen(0, "127.0.0.1", function () {
  say(`${JSON.stringify({ port: this.address().port })}\n`);
});

async function serve(request, response) {
  const web = module[request.method] ?? (typeof target?.fetch === "function" ? target.fetch.bind(target) : undefined);
  try {
    if (web) await answer(await web(asked(request)), response);
    else await target(config.shouldAddHelpers ? await helped(request, response) : request, response);
  } catch (error) {
    process.stderr.write(`${error.stack}\n`); // FUNCTION_INVOCATION_FAILED
    if (!response.headersSent) response.writeHead(500, { "x-vercel-error": "FUNCTION_INVOCATION_FAILED" });
    response.end();
  }
}

async function load(file) {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (error.code !== "ERR_UNKNOWN_FILE_EXTENSION") throw error;
    return createRequire(file)(file);
  }
}

function tell(stream) {
  process[stream].write = (chunk, encoding, done) => {
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    writeSync(lines, `${JSON.stringify({ stream, text, request: running.getStore() })}\n`);
    const called = typeof encoding === "function" ? encoding : done;
    if (called) process.nextTick(called);
    return true;
  };
}

function drop(request, name) {
  delete request.headers[name];
  const at = request.rawHeaders.findIndex((one, index) => index % 2 === 0 && one.toLowerCase() === name);
  if (at >= 0) request.rawHeaders.splice(at, 2);
}

function asked(request) {
  const bodiless = request.method === "GET" || request.method === "HEAD";
  const headers = new Headers(Object.entries(request.headers).flatMap(([name, value]) => [value].flat().map((one) => [name, one])));
  const init = { method: request.method, headers, body: bodiless ? undefined : Readable.toWeb(request), duplex: "half" };
  return new Request(`https://${request.headers.host}${request.url}`, init);
}

async function answer(found, response) {
  for (const [name, value] of found.headers) if (name !== "set-cookie") response.setHeader(name, value);
  const cookies = found.headers.getSetCookie();
  if (cookies.length) response.setHeader("set-cookie", cookies);
  response.writeHead(found.status);
  for await (const chunk of found.body ?? []) response.write(chunk);
  response.end();
}

/** What `shouldAddHelpers` adds: the query, cookies and the body on the request; status, send, json and redirect on the response. */
async function helped(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  request.query = Object.fromEntries(new URL(request.url, "http://host").searchParams);
  request.cookies = Object.fromEntries((request.headers.cookie ?? "").split(/; */).filter(Boolean).map((one) => one.split(/=(.*)/s).slice(0, 2)));
  request.body = body.length ? parsed(body, request.headers["content-type"] ?? "") : undefined;
  response.status = (code) => Object.assign(response, { statusCode: code });
  response.json = (value) => {
    response.setHeader("content-type", "application/json; charset=utf-8");
    response.end(JSON.stringify(value));
    return response;
  };
  response.send = (value) => (value === null || typeof value !== "object" || Buffer.isBuffer(value) ? response.end(value ?? "") : response.json(value), response);
  response.redirect = (first, second) => response.writeHead(second ? first : 307, { location: second ?? first }).end();
  return request;
}

function parsed(body, type) {
  if (type.startsWith("application/json")) return JSON.parse(body.toString());
  if (type.startsWith("application/x-www-form-urlencoded")) return Object.fromEntries(new URLSearchParams(body.toString()));
  return type.startsWith("text/") ? body.toString() : body;
}
