// Lambda's Runtime API over node:http: what the runtime client's native addon does, for machines without a C++ compiler.
"use strict";

const http = require("node:http");
const { Worker } = require("node:worker_threads");

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const PREFIX = "/2018-06-01/runtime/invocation/";
const POST_SECONDS = 10;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function request(method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const call = http.request({ hostname, port, agent, method, path, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString("utf8") }));
    });
    call.on("error", reject);
    call.end(body);
  });
}

// The answer must have left before the next invocation is asked for.
let posted = Promise.resolve();

async function next() {
  await posted;
  const { status, headers, body } = await request("GET", PREFIX + "next", {});
  if (status !== 200) {
    throw new Error(`Failed to get next invocation, error ${status}`);
  }
  headers["lambda-runtime-deadline-ms"] = Number(headers["lambda-runtime-deadline-ms"]);
  return { bodyJson: body, headers };
}

function done(id, body) {
  const data = Buffer.from(body);
  posted = request("POST", `${PREFIX}${id}/response`, { "Content-Type": "application/json", "Content-Length": data.length }, data);
  return null;
}

// The client ends the process right after it reported an uncaught exception, so this one may not wait for the event loop: a thread sends it.
const POSTER = `
const { workerData: { options, body, flag } } = require("node:worker_threads");
const end = () => { Atomics.store(flag, 0, 1); Atomics.notify(flag, 0); };
const call = require("node:http").request(options, (response) => { response.resume(); response.on("end", end); });
call.on("error", end);
call.end(body);
`;

function error(id, body, xray) {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
  let type;
  try {
    type = JSON.parse(body).errorType;
  } catch {
    type = undefined;
  }
  if (typeof type === "string" && /^[\x20-\x7e]+$/.test(type)) {
    headers["Lambda-Runtime-Function-Error-Type"] = type;
  }
  if (/^[\x20-\x7e]+$/.test(xray)) {
    headers["Lambda-Runtime-Function-XRay-Error-Cause"] = xray;
  }
  const options = { hostname, port, method: "POST", path: `${PREFIX}${id}/error`, headers };
  const worker = new Worker(POSTER, { eval: true, env: {}, execArgv: [], workerData: { options, body, flag } });
  worker.unref();
  Atomics.wait(flag, 0, 0, POST_SECONDS * 1000);
  return null;
}

module.exports = { initializeClient() {}, next, done, error };
