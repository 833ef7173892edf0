// Asking the Table service by hand, without an SDK: the app's identity, one request, again where that helps. As in Python's `tables`.

const VERSION = "2020-12-06";
const RESOURCE = "https://storage.azure.com";
const TIMEOUT = 5000;
const LATER = new Set([408, 429, 500, 502, 503, 504]);
const EARLY = 300; // seconds before its end after which a token is not used any more

/** @typedef {Record<string, string | undefined>} Environment */

const token = { text: "", until: 0 };

/** The service did not do it; `status` is that of HTTP, 0 where nothing came back, `code` the service's own word. */
export class TableError extends Error {
  /** @param {string} trouble @param {number} [status] @param {string} [code] */
  constructor(trouble, status = 0, code = "") {
    super(trouble);
    this.status = status;
    this.code = code;
  }
}

/**
 * Sends one request, up to four times, and gives the entity (or {}) and its ETag.
 * @param {string} method @param {string} url @param {Environment} env @param {{body?: object, etag?: string}} [more]
 * @returns {Promise<[Record<string, any>, string]>}
 */
export async function ask(method, url, env, { body, etag } = {}) {
  let error = new TableError("");
  for (let attempt = 0; attempt < 4; attempt++) {
    if (attempt) await new Promise((done) => setTimeout(done, (100 * 3 ** attempt) / 3));
    let answer;
    let text;
    try {
      answer = await fetch(url, { method, headers: await headersOf(url, env, body, etag), body: body && ascii(body), signal: AbortSignal.timeout(TIMEOUT) });
      text = await answer.text();
    } catch (failure) {
      if (failure instanceof TableError) throw failure;
      error = new TableError(`${/** @type {Error} */ (failure).message}`);
      continue;
    }
    if (answer.ok) return [text ? JSON.parse(text) : {}, answer.headers.get("etag") ?? ""];
    const [code, message] = said(text);
    error = new TableError(`${method} ${new URL(url).pathname}: ${answer.status} ${code}: ${message}`, answer.status, code);
    if (!LATER.has(answer.status)) break;
  }
  throw error;
}

/** JSON in ASCII, as Python writes it: Azurite cuts a long body between the bytes of a letter. @param {object} body */
function ascii(body) {
  return JSON.stringify(body).replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** @param {string} text @returns {[string, string]} */
function said(text) {
  try {
    const told = JSON.parse(text)["odata.error"];
    return [told.code, told.message.value.split("\n")[0]];
  } catch {
    return ["", text.slice(0, 200)];
  }
}

/** @param {string} url @param {Environment} env @param {object} [body] @param {string} [etag] */
async function headersOf(url, env, body, etag) {
  const date = new Date().toUTCString();
  return {
    accept: "application/json;odata=nometadata",
    "x-ms-version": VERSION,
    "x-ms-date": date,
    dataserviceversion: "3.0",
    ...(body && { "content-type": "application/json", prefer: "return-no-content" }),
    ...(etag && { "if-match": etag }),
    authorization: await authorization(new URL(url), env, date),
  };
}

/** The app's token. An account on this machine speaks plain http, over which no token goes, and has a key that opens nothing else. @param {URL} url @param {Environment} env @param {string} date */
async function authorization(url, env, date) {
  const { AZURE_STORAGE_KEY: key } = env;
  if (!key || url.protocol !== "http:" || url.hostname !== "127.0.0.1") return `Bearer ${await identity(env)}`;
  const account = url.pathname.split("/")[1];
  const crypto = process.getBuiltinModule("node:crypto");
  const signature = crypto.createHmac("sha256", Buffer.from(key, "base64")).update(`${date}\n/${account}${url.pathname}`).digest("base64");
  return `SharedKeyLite ${account}:${signature}`;
}

/** A token of the app's identity, kept until shortly before its end. @param {Environment} env */
async function identity(env) {
  if (token.until > Date.now() / 1000 + EARLY) return token.text;
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: secret, AZURE_CLIENT_ID: client } = env;
  if (!endpoint || !secret) throw new TableError("the app has no identity: IDENTITY_ENDPOINT is not in its environment");
  const words = new URLSearchParams({ "api-version": "2019-08-01", resource: RESOURCE, ...(client && { client_id: client }) });
  const answer = await fetch(`${endpoint}?${words}`, { headers: { "x-identity-header": secret }, signal: AbortSignal.timeout(TIMEOUT) });
  if (!answer.ok) throw new TableError(`the app's identity gave no token: ${answer.status} ${(await answer.text()).slice(0, 200)}`, answer.status);
  const told = /** @type {any} */ (await answer.json());
  Object.assign(token, { text: told.access_token, until: Number(told.expires_on) });
  return token.text;
}

/** The address of one entity. @param {string} table @param {string} partition */
export function entity(table, partition) {
  return `${table}(PartitionKey='${partition}',RowKey='')`;
}
