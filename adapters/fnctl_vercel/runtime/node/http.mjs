// HTTP on Vercel: requests to `function` and `fetch` handlers.

import { begin, correlated } from "./entry.mjs";
import { read, write } from "./exchange.mjs";
import { BadRequest, answer, calling, failed, fetching, refused } from "./request.mjs";
import { match } from "./routes.mjs";

/** @typedef {import("./entry.mjs").Config} Config @typedef {import("./entry.mjs").Incoming} Incoming @typedef {import("./entry.mjs").Outgoing} Outgoing */
/** @typedef {import("./exchange.mjs").Parts} Parts */

/** @param {Function} handler @param {Config} config @param {import("./entry.mjs").Spans | false} [spans] where calls are traced */
export function bind(handler, config, spans) {
  const plainly = config.interface === "fetch" ? fetching(handler) : calling(handler);
  const respond = spans ? spans.requests(plainly, (/** @type {Parts} */ request) => described(request, config)) : plainly;
  return async (/** @type {Incoming} */ incoming, /** @type {Outgoing} */ outgoing) => {
    const request = await read(incoming);
    const found = config.routes.length ? match(config.routes, request.method, request.path) : {};
    Object.assign(request.pathParams, found);
    const call = begin(config, request.headers, incoming, { params: request.pathParams, fields: correlated(request.headers) });
    const lost = !found && config.interface === "function";
    const response = lost ? Response.json({ error: "not found" }, { status: 404 }) : await guarded(respond, request, call, config);
    await write(response, outgoing, request.method === "HEAD");
  };
}

/** @param {Function} respond @param {Parts} request @param {import("./fnctl-runtime.js").Context} call @param {Config} config */
async function guarded(respond, request, call, config) {
  try {
    const kind = config.trigger?.kind ?? (request.path in config.crons ? "schedule" : undefined);
    if (kind) throw new TypeError(`${config.function} is of interface \`${config.interface}\`, and was sent an event (${kind})`);
    return await respond(request, call);
  } catch (error) {
    if (error instanceof BadRequest) return refused(error);
    console.error("request failed", error, { method: request.method, path: request.path });
    return failed(request.id);
  }
}

/** What a span says of a request; the manifest's path where it is certain. @param {Parts} request @param {Config} config */
function described({ method, path, headers }, config) {
  const fits = config.routes.filter((route) => match([route], method, path));
  const client = headers.get("x-forwarded-for")?.split(",")[0].trim();
  return { method, path, headers, route: fits.length === 1 ? fits[0][1] : undefined, client };
}
