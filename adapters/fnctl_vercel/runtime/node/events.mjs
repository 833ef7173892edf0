// Calling an `event` handler on Vercel: a message that was pushed, a cron's request, a Schedule's; the answer's status is the verdict.

import { refusedCaller } from "./door.mjs";
import { begin } from "./entry.mjs";
import { CloudEvent, decode, message } from "./event.mjs";
import { read, write } from "./http.mjs";
import { failed } from "./request.mjs";
import { Delivery } from "./queues.mjs";

/** @typedef {import("./entry.mjs").Config} Config @typedef {import("./entry.mjs").Incoming} Incoming @typedef {import("./entry.mjs").Outgoing} Outgoing */
/** @typedef {import("./http.mjs").Parts} Parts @typedef {import("./entry.mjs").Trigger} Trigger */

const MEDIA = "application/octet-stream";
const LEASE = 300; // seconds: how much longer a message is held at a time
const MARGIN = 30; // seconds: how long before its time is up

/** @param {Function} plain @param {Config} config @param {import("./entry.mjs").Spans | false} [spans] where calls are traced */
export function bind(plain, config, spans) {
  const handler = spans ? spans.events(plain, config) : plain;
  const { trigger } = config;
  const deliver = !trigger ? asked : trigger.kind === "schedule" ? scheduled : pushed;
  return async (/** @type {Incoming} */ incoming, /** @type {Outgoing} */ outgoing) => {
    const request = await read(incoming);
    begin(config, request.headers, incoming);
    let response;
    try {
      response = await deliver(handler, config, request);
    } catch (error) {
      console.error("event failed", error, { method: request.method, path: request.path });
      response = failed(request.id);
    }
    await write(response, outgoing);
  };
}

/** @param {string} error @param {number} status */
function refusal(error, status) {
  return Response.json({ error }, { status });
}

/**
 * Takes a request of a cron, or of whoever else has the secret. A cron does not say for when it was due: the minute stands for it.
 * @param {Function} handler @param {Config} config @param {Parts} request
 */
async function asked(handler, config, request) {
  const key = request.method === "GET" && Object.hasOwn(config.crons, request.path) ? config.crons[request.path] : undefined;
  if (key === undefined && !(request.method === "POST" && request.path === config.door)) return refusal("not found", 404);
  const refused = refusedCaller(request.headers);
  if (refused) return refused;
  if (key !== undefined) return schedule(handler, config, request, key, minute(), {});
  const [data, datacontenttype] = decode(request.body);
  const source = `/${config.service}/${config.function}`;
  const event = new CloudEvent({ id: request.id, source, type: "fnctl.invoke", data, datacontenttype, native: nativeOf(request) });
  const answer = await handler(event, begin(config, request.headers, event.native, { fields: { event_id: event.id } }));
  return Response.json(answer ?? null);
}

function minute() {
  return `${new Date(Date.now()).toISOString().slice(0, 16)}:00Z`;
}

/** Takes a Schedule's request, which says for when it was due. @param {Function} handler @param {Config} config @param {Parts} request */
async function scheduled(handler, config, request) {
  const due = request.headers.get("ce-vssscheduledat");
  const executionid = request.headers.get("ce-id");
  if (!due) return refusal("not a schedule", 400);
  return schedule(handler, config, request, config.trigger?.key ?? "", due.replace(".000Z", "Z"), executionid ? { executionid } : {});
}

/**
 * @param {Function} handler @param {Config} config @param {Parts} request @param {string} key @param {string} due
 * @param {Record<string, unknown>} extensions
 */
async function schedule(handler, config, request, key, due, extensions) {
  const source = `/${config.service}/schedule/${key}`;
  const about = { type: "fnctl.schedule", data: { schedule: key, time: due }, subject: key, time: due, extensions, native: nativeOf(request) };
  const event = new CloudEvent({ id: `${key}@${due}`, source, ...about });
  return (await deliver(handler, config, request, event)) ? new Response(null) : failed(request.id);
}

/** What the platform handed over. @param {Parts} request */
function nativeOf(request) {
  return { headers: Object.fromEntries(request.headers), body: request.body };
}

/**
 * Takes a pushed message: 200 and settled when it is done, 500 when it shall come again.
 * @param {Function} handler @param {Config} config @param {Parts} request
 */
async function pushed(handler, config, request) {
  const trigger = /** @type {Trigger} */ (config.trigger);
  const { headers } = request;
  if (!headers.get("ce-type")?.startsWith("com.vercel.queue.") || headers.get("ce-vqsqueuename") !== trigger.topic) {
    return refusal("not a message of this queue", 400);
  }
  const delivery = new Delivery(headers, request.body);
  if (!delivery.whole) await delivery.fetch();
  const { kind, key, most } = trigger;
  const event = message(delivery.body, {
    id: delivery.id,
    source: `/${config.service}/${kind}/${key}`,
    type: `fnctl.${kind}.message`,
    time: delivery.created,
    extensions: carried(headers),
    attempt: delivery.count,
    native: { ...nativeOf(request), body: delivery.body },
  });
  if (most === null || delivery.count <= most) {
    const holding = hold(delivery);
    const done = await deliver(handler, config, request, event).finally(() => clearTimeout(holding.timer));
    if (done) return settled(delivery);
    if (most === null || delivery.count < most) return failed(request.id);
  }
  return givenUp(delivery, trigger.dead, headers.get("content-type") ?? MEDIA);
}

/** What came beside the message: the trace and the correlation, under their names in CloudEvents. @param {Headers} headers */
function carried(headers) {
  const beside = headers.has("ce-traceparent") ? [] : ["traceparent", "tracestate"]; // the request's own, where the message brought none
  const named = ["traceparent", "tracestate", "correlationid", "causationid"].map((name) => [name, headers.get(`ce-${name}`)]);
  const found = [...named, ...beside.map((name) => [name, headers.get(name)])];
  return /** @type {Record<string, string>} */ (Object.fromEntries(found.filter(([, value]) => value)));
}

/** @param {Function} handler @param {Config} config @param {Parts} request @param {CloudEvent} event */
async function deliver(handler, config, request, event) {
  const carrier = /** @type {Record<string, any>} */ (event.extensions);
  const fields = { event_id: event.id, ...(carrier.correlationid && { correlation_id: carrier.correlationid }) };
  const whole = config.trigger?.whole;
  const call = begin(config, request.headers, event.native, whole ? {} : { carrier, fields }); // a batch is not about one event
  try {
    const answer = await handler(whole ? [event] : event, call);
    return !(whole && (answer ?? []).some((/** @type {any} */ entry) => (entry?.id ?? entry) === event.id));
  } catch (error) {
    console.error("event failed", error, { event_type: event.type, source: event.source, attempt: event.attempt });
    return false;
  }
}

/** Keeps a message for as long as its handler takes: it would be delivered a second time meanwhile. @param {Delivery} delivery */
function hold(delivery) {
  const left = delivery.until ? (Date.parse(delivery.until) - Date.now()) / 1000 : LEASE;
  /** @type {{timer?: NodeJS.Timeout}} */
  const holding = {};
  const again = (/** @type {number} */ seconds) => {
    holding.timer = setTimeout(longer, Math.max(1, seconds - MARGIN) * 1000);
  };
  const longer = () => {
    again(LEASE);
    delivery.hold(LEASE).catch((error) => console.warn("the message may be delivered a second time", error));
  };
  again(left);
  return holding;
}

/** Settles as Vercel's own client does, and answers 200 in any case: the handler has done its work. @param {Delivery} delivery */
async function settled(delivery) {
  try {
    await delivery.settle();
  } catch (error) {
    console.warn("the message may be delivered a second time", error);
  }
  return new Response(null);
}

/**
 * Moves a message to where failed ones are kept. Throws, and it comes again, when that cannot be done.
 * @param {Delivery} delivery @param {string | null} dead @param {string} media
 */
async function givenUp(delivery, dead, media) {
  if (dead) await delivery.forward(dead, media);
  console.error(`the message failed ${delivery.count} times; ${dead ? `it is in ${dead} now` : "it is dropped"}`);
  return settled(delivery);
}
