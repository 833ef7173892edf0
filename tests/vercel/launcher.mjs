// Runs a built Node `.func` as Vercel's launcher is documented to: a default export that is a `(request, response)` function or an object with
// `fetch`, or exports named after methods; the body is left alone unless helpers are asked for. vercel.com/docs/build-output-api/primitives and
// vercel.com/docs/functions/functions-api-reference, read 2026-11. The port is the first line on standard output.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]);
const config = JSON.parse(readFileSync(`${folder}/.vc-config.json`, "utf8"));
if (config.launcherType !== "Nodejs") throw new Error("not a function of the Node launcher");
if (process.argv[3]) Date.now = () => Number(process.argv[3]);
process.chdir(folder);
const module = await import(pathToFileURL(`${folder}/${config.handler}`).href);
const target = module.default?.default ?? module.default;

createServer(async (request, response) => {
  const web = module[request.method] ?? (typeof target?.fetch === "function" ? target.fetch.bind(target) : undefined);
  try {
    if (web) await answer(await web(asked(request)), response);
    else await target(request, response);
  } catch (error) {
    process.stderr.write(`${error.stack}\n`); // FUNCTION_INVOCATION_FAILED
    if (!response.headersSent) response.writeHead(500);
    response.end();
  }
}).listen(0, "127.0.0.1", function () {
  process.stdout.write(`${JSON.stringify({ port: this.address().port })}\n`);
});

function asked(request) {
  const bodiless = request.method === "GET" || request.method === "HEAD";
  const headers = new Headers(Object.entries(request.headers).flatMap(([name, value]) => [value].flat().map((one) => [name, one])));
  const init = { method: request.method, headers, body: bodiless ? undefined : Readable.toWeb(request), duplex: "half" };
  return new Request(`https://${request.headers.host}${request.url}`, init);
}

async function answer(found, response) {
  for (const [name, value] of found.headers) if (name !== "set-cookie") response.setHeader(name, value);
  response.setHeader("set-cookie", found.headers.getSetCookie());
  response.writeHead(found.status);
  response.end(Buffer.from(await found.arrayBuffer()));
}
