// Crons, Schedules, and calls by hand: what starts an `event` handler on Vercel by the hour or by whoever has the project's secret.

import { refusedCaller } from "./door.mjs";
import { begin } from "./entry.mjs";
import { CloudEvent, decode } from "./event.mjs";
import { deliver, nativeOf, refusal, serving } from "./events.mjs";
import { failed } from "./request.mjs";

/** @typedef {import("./entry.mjs").Config} Config @typedef {import("./exchange.mjs").Parts} Parts */

/** @param {Function} handler @param {Config} config @param {import("./entry.mjs").Spans | false} [spans] */
export function bind(handler, config, spans) {
  return serving(config.trigger ? scheduled : asked, handler, config, spans);
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
