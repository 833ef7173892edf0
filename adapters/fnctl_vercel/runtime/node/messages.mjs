// Messages that Vercel Queues push: 200 and settled when they are done, 500 when they shall come again, elsewhere when they failed too often.

import { message } from "./event.mjs";
import { deliver, nativeOf, refusal, serving } from "./events.mjs";
import { Delivery } from "./queues.mjs";
import { failed } from "./request.mjs";

/** @typedef {import("./entry.mjs").Config} Config @typedef {import("./exchange.mjs").Parts} Parts @typedef {import("./entry.mjs").Trigger} Trigger */

const MEDIA = "application/octet-stream";
const LEASE = 300; // seconds: how much longer a message is held at a time
const MARGIN = 30; // seconds: how long before its time is up

/** @param {Function} handler @param {Config} config @param {import("./entry.mjs").Spans | false} [spans] */
export function bind(handler, config, spans) {
  return serving(pushed, handler, config, spans);
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
