// Doing one piece of work once: a claim before it and its answer after it, in any store that can write on a condition. As in Python's `once`.

/** Only a call pays for loading it. */
const crypto = () => process.getBuiltinModule("node:crypto");

/**
 * Where claims are kept. Times are Unix seconds. `claim` gives undefined when it is ours, the answer's JSON when it is done, "" when somebody
 * is at it; `complete` gives false when the claim is not ours any more.
 * @typedef {object} Store
 * @property {(key: string, owner: string, times: {now: number, until: number, expires: number}) => Promise<string | undefined>} claim
 * @property {(key: string, owner: string, answer: string, times: {expires: number}) => Promise<boolean>} complete
 * @property {(key: string, owner: string) => Promise<void>} release
 */

const SLACK = 1; // seconds that a claim outlives the call that made it: clocks differ
const LONGEST = 512; // characters of a key as it is; a longer one is kept as its digest
const ATTRIBUTES = ["id", "source", "type", "subject", "time", "data", "extensions"];

/**
 * Wraps a handler so that one key is worked on once.
 * @param {Function} handler takes an event or a task's input, and a context
 * @param {{service: string, stage: string, function: string, interface: string, idempotent: {key: (string | number)[] | null, ttl: number, lease: number}}} config
 * @param {Store} store
 */
export function once(handler, config, store) {
  const { key: path, ttl, lease } = config.idempotent;
  const task = config.interface === "task";
  return async (/** @type {any} */ subject, /** @type {any} */ context) => {
    const key = `${config.service}/${config.stage}/${config.function}#${short(keyOf(subject, context, path, task))}`;
    const owner = crypto().randomUUID();
    const now = Date.now() / 1000;
    const until = now + (context.remaining?.() ?? lease * 1000) / 1000 + SLACK;
    const known = await store.claim(key, owner, { now, until, expires: Math.max(until, now + ttl) });
    if (known === "") throw Object.assign(new Error(`${key} is being worked on`), { name: "InProgress" });
    if (known === undefined) return worked(() => handler(subject, context), key, owner, store, ttl);
    console.info("done before", { idempotency_key: key });
    return JSON.parse(known);
  };
}

/** @param {() => unknown} work @param {string} key @param {string} owner @param {Store} store @param {number} ttl */
async function worked(work, key, owner, store, ttl) {
  let answer;
  try {
    answer = JSON.stringify((await work()) ?? null);
  } catch (error) {
    await safely("release", key, store.release(key, owner));
    throw error;
  }
  // The work is done. Whatever the store says now, to fail would only have it done again.
  const ours = await safely("complete", key, store.complete(key, owner, answer, { expires: Date.now() / 1000 + ttl }));
  if (ours === false) console.warn("a claim ran out before the work was done", { idempotency_key: key });
  return JSON.parse(answer);
}

/** @param {string} what @param {string} key @param {Promise<unknown>} asked */
async function safely(what, key, asked) {
  try {
    return await asked;
  } catch (error) {
    console.error(`cannot ${what} a claim`, error, { idempotency_key: key });
    return undefined;
  }
}

/** @param {any} subject @param {any} context @param {(string | number)[] | null} path @param {boolean} task @returns {string} */
function keyOf(subject, context, path, task) {
  if (!path) return String(task ? context.key : subject.id);
  const root = task ? subject : Object.fromEntries(ATTRIBUTES.map((name) => [name, subject[name]]));
  const found = path.reduce((value, part) => (value !== null && typeof value === "object" && Object.hasOwn(value, part) ? value[part] : undefined), root);
  if (found === undefined || found === null) {
    const message = `idempotent.key: there is no ${path.join(".")} in ${task ? "the input" : `the event ${subject.id}`}`;
    throw Object.assign(new Error(message), { name: "KeyMissing" });
  }
  return typeof found === "string" ? found : JSON.stringify(found, (_key, value) => (isPlain(value) ? sorted(value) : value));
}

/** @param {unknown} value */
function isPlain(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** @param {object} value */
function sorted(value) {
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** @param {string} key */
function short(key) {
  return [...key].length <= LONGEST ? key : `sha256:${crypto().createHash("sha256").update(key).digest("hex")}`;
}
