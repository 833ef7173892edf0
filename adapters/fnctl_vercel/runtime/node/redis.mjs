// Commands to a Redis, by its own protocol (RESP2) and over TLS where its address says `rediss:`. Calls at the same time share one connection.

const PORT = 6379;
const PATIENCE = 5000; // milliseconds that it gets to be reached, and for an answer
const LINE = "\r\n";

/** @typedef {(script: string, key: string, ...words: string[]) => Promise<string | number | null>} Run */
/** @typedef {{ask: (...words: string[]) => Promise<any>, close: () => void}} Connection */

/**
 * A Redis by its address, `redis[s]://[user][:password]@host[:port][/database]`, in the environment variable `name`. The function that is given
 * back runs a script over one key; it may run twice, where the connection broke before its answer was here. No message holds the address.
 * @param {string} name @param {string} address @returns {Run}
 */
export function redis(name, address) {
  const url = URL.canParse(address.trim()) ? new URL(address.trim()) : undefined;
  if (!url?.hostname || !["redis:", "rediss:"].includes(url.protocol)) {
    throw new RedisError(`${name} is no address of a Redis: redis://... or rediss://... is asked for`);
  }
  /** @type {Promise<Connection> | undefined} */
  let open;
  return async function run(...words) {
    const [script, ...rest] = words;
    const before = open;
    const connection = (open ??= opened(url));
    try {
      return await (await connection).ask("EVAL", script, "1", ...rest);
    } catch (error) {
      if (error instanceof Refusal) throw new RedisError(`the Redis in ${name} refused: ${error.message}`);
      if (open === connection) open = undefined;
      if (before && error instanceof Closed) return run(...words); // closed over there since: an instance sleeps between calls
      throw new RedisError(`the Redis in ${name} cannot be reached: ${/** @type {Error} */ (error).message}`);
    }
  };
}

class RedisError extends Error {
  name = "RedisError";
}

/** An answer that is an error. */
class Refusal extends Error {}

/** The connection ended before the answer came. */
class Closed extends Error {}

/** @param {URL} url @returns {Promise<Connection>} */
async function opened(url) {
  const connection = connected(url);
  try {
    const [user, password] = [url.username, url.password].map(decodeURIComponent);
    if (password) await connection.ask("AUTH", ...(user ? [user] : []), password);
    const database = url.pathname.replaceAll("/", "");
    if (database) await connection.ask("SELECT", database);
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

/** @param {URL} url @returns {Connection} */
function connected({ protocol, hostname, port }) {
  const host = hostname.replace(/^\[|\]$/g, "");
  const where = { host, port: Number(port) || PORT, noDelay: true };
  const named = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
  const { getBuiltinModule: builtin } = process; // only a call pays for loading them
  const socket = protocol === "rediss:" ? builtin("node:tls").connect({ ...where, ...named }) : builtin("node:net").connect(where);
  /** @type {{resolve: Function, reject: Function, timer: NodeJS.Timeout}[]} */
  const waiting = [];
  let rest = Buffer.alloc(0);
  const end = (/** @type {Error} */ error) => {
    socket.destroy();
    for (const { reject, timer } of waiting.splice(0)) {
      clearTimeout(timer);
      reject(error);
    }
  };
  socket.on("error", (/** @type {NodeJS.ErrnoException} */ error) => end(["ECONNRESET", "EPIPE"].includes(error.code ?? "") ? closed() : error));
  socket.on("close", () => end(closed()));
  socket.on("data", (/** @type {Buffer} */ data) => {
    rest = Buffer.concat([rest, data]);
    try {
      for (let found = answer(rest); found && waiting.length; found = answer(rest)) {
        rest = rest.subarray(found.size);
        const { resolve, reject, timer } = /** @type {typeof waiting[0]} */ (waiting.shift());
        clearTimeout(timer);
        if (found.value instanceof Refusal) reject(found.value);
        else resolve(found.value);
      }
    } catch (error) {
      end(/** @type {Error} */ (error));
    }
  });
  return {
    ask: (...words) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(closed());
        const timer = setTimeout(() => end(new Error(`no answer within ${PATIENCE} ms`)), PATIENCE);
        waiting.push({ resolve, reject, timer });
        socket.write(`*${words.length}${LINE}${words.map((word) => `$${Buffer.byteLength(word)}${LINE}${word}${LINE}`).join("")}`);
      }),
    close: () => socket.destroy(),
  };
}

function closed() {
  return new Closed("it closed the connection");
}

/**
 * Reads the first whole answer, and how many bytes it has; undefined while some are missing.
 * @param {Buffer} data @returns {{value: string | number | null | Refusal, size: number} | undefined}
 */
function answer(data) {
  const end = data.indexOf(LINE);
  if (end < 0) return undefined;
  const [kind, said, after] = [data.toString("latin1", 0, 1), data.toString("utf8", 1, end), end + LINE.length];
  if (kind === ":") return { value: Number(said), size: after };
  if (kind === "+") return { value: said, size: after };
  if (kind === "-") return { value: new Refusal(said), size: after };
  if (kind !== "$") throw new Error("its answer is not a Redis's");
  const length = Number(said);
  if (length < 0) return { value: null, size: after };
  const size = after + length + LINE.length;
  return data.length < size ? undefined : { value: data.toString("utf8", after, after + length), size };
}
