// A Node worker without its host: @azure/functions, as it lies in the app, registers and invokes functions. What is asked and told is as in worker.py.

const Module = require("node:module");
const { createInterface } = require("node:readline");
const { pathToFileURL } = require("node:url");

const [, , root] = process.argv;
const write = process.stdout.write.bind(process.stdout);
const tell = (message) => write(`${JSON.stringify(message)}\n`);
process.stdout.write = process.stderr.write.bind(process.stderr); // whatever an app prints is no answer

const LEVELS = { trace: "Trace", debug: "Debug", information: "Information", warning: "Warning", error: "Error", critical: "Critical" };
const registered = new Map();
let model;
const core = {
  version: "1.0",
  hostVersion: "4",
  workerVersion: "4",
  registerFunction: (about, callback) => (registered.set(about.name, { about, callback }), { dispose() {} }),
  registerHook: () => ({ dispose() {} }),
  setProgrammingModel: (given) => (model = given),
  getProgrammingModel: () => model,
  log() {},
  Disposable: class {},
};
const load = Module._load;
Module._load = (name, ...rest) => (name === "@azure/functions-core" ? core : load(name, ...rest));

/** Reads typed data: bytes come in base64. */
function typed(data) {
  if (data.bytes !== undefined) return { bytes: Buffer.from(data.bytes, "base64") };
  if (data.collectionBytes) return { collectionBytes: { bytes: data.collectionBytes.bytes.map((one) => Buffer.from(one, "base64")) } };
  if (!data.http) return data;
  return { http: { ...data.http, body: data.http.body && typed(data.http.body) } };
}

function bare(value) {
  return value && typeof value === "object" && "value" in value ? bare(value.value) : value;
}

/** Writes typed data. */
function told(data) {
  if (!data) return null;
  if (data.bytes) return { bytes: Buffer.from(data.bytes).toString("base64") };
  if (!data.http) return data;
  const { statusCode, headers, cookies, body } = data.http;
  const plain = cookies.map((cookie) => Object.fromEntries(Object.entries(cookie).map(([name, value]) => [name, bare(value)])));
  return { http: { statusCode, headers, cookies: plain, body: told(body) } };
}

/** The argument that is the trigger's. */
function trigger(about) {
  return Object.entries(about.bindings).find(([, binding]) => /trigger$/i.test(binding.type))[0];
}

async function invoke({ id, function: name, data, metadata = {}, retry: [retryCount, maxRetryCount] = [0, 0], trace = "" }) {
  const { about, callback } = registered.get(name);
  const request = {
    invocationId: id,
    inputData: [{ name: trigger(about), data: typed(data) }],
    triggerMetadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, typed(value)])),
    retryContext: { retryCount, maxRetryCount },
    traceContext: { traceParent: trace, traceState: "" },
  };
  const log = (level, category, message) => category === "user" && tell({ log: message, level: LEVELS[level] ?? "Information", category, invocation: id });
  const invocation = model.getInvocationModel({ invocationId: id, metadata: about, request, log, state: undefined });
  try {
    const { context, inputs } = await invocation.getArguments();
    const response = await invocation.getResponse(context, await invocation.invokeFunction(context, inputs, callback));
    const outputs = Object.fromEntries((response.outputData ?? []).map((one) => [one.name, told(one.data)]));
    tell({ id, status: "Success", value: told(response.returnValue), outputs, error: null });
  } catch (error) {
    const { name = "Error", message = String(error), stack } = error ?? {};
    tell({ id, status: "Failure", value: null, error: `${name}: ${message}`, trace: stack });
  }
}

async function main() {
  await import(pathToFileURL(`${root}/${require(`${root}/package.json`).main}`).href);
  const named = (binding, name) => ({ ...binding, name });
  const functions = [...registered].map(([name, { about }]) => [name, Object.entries(about.bindings).map(([key, binding]) => named(binding, key))]);
  const retries = [...registered].filter(([, { about }]) => about.retryOptions).map(([name, { about }]) => [name, about.retryOptions]);
  tell({ functions: Object.fromEntries(functions), retries: Object.fromEntries(retries) });
  for await (const line of createInterface({ input: process.stdin })) void invoke(JSON.parse(line));
  process.exit(0); // the host has gone, and nobody hears what is still under way
}

// The answer has to be read before the process ends; whatever else the app has begun ends with it.
main().catch((error) => write(`${JSON.stringify({ failed: error?.stack ?? String(error) })}\n`, () => process.exit(1)));
