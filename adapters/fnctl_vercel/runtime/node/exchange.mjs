// What a function on Vercel gets and gives, whatever it does: Node's own request in, a Response out, streamed as it comes.

import { once } from "node:events";
import { bodyOf, headersOf } from "./entry.mjs";
import { decoded } from "./routes.mjs";

/** @typedef {import("./entry.mjs").Incoming} Incoming @typedef {import("./entry.mjs").Outgoing} Outgoing */
/** @typedef {{method: string, path: string, rawPath: string, queryString: string, pathParams: Record<string, string>, headers: Headers,
 *   body: Buffer, id: string, native: Incoming}} Parts */

/** @param {Incoming} incoming @returns {Promise<Parts>} */
export async function read(incoming) {
  const [rawPath, ...rest] = (incoming.url ?? "/").split("?");
  const headers = headersOf(incoming);
  return {
    method: (incoming.method ?? "GET").toUpperCase(),
    path: decoded(rawPath),
    rawPath,
    queryString: rest.join("?"),
    pathParams: {},
    headers,
    body: await bodyOf(incoming),
    id: headers.get("x-vercel-id") ?? "",
    native: incoming,
  };
}

/**
 * Sends an answer in the pieces in which it comes. One that breaks off is cut, so that nobody takes it for complete.
 * @param {Response} response @param {Outgoing} outgoing @param {boolean} bare
 */
export async function write(response, outgoing, bare = false) {
  for (const [name, value] of response.headers) if (name !== "set-cookie") outgoing.setHeader(name, value);
  const cookies = response.headers.getSetCookie();
  if (cookies.length) outgoing.setHeader("set-cookie", cookies);
  outgoing.statusCode = response.status;
  try {
    for await (const chunk of (!bare && response.body) || []) if (!outgoing.write(chunk)) await once(outgoing, "drain");
    outgoing.end();
  } catch (error) {
    console.error("the answer broke off", error);
    outgoing.destroy();
  }
}
