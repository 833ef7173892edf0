// Where `idempotent` keeps its claims on Azure: one entity a key in a Storage table, written on conditions. As in Python's `claims`.

import { TableError, ask, entity } from "./tables.mjs";

const PART = /[\s\S]{1,15000}/gu; // of an answer in one property, which holds 64 KiB; an entity holds 1 MiB
const TURNS = 5; // looks at an entity that others take and give back meanwhile
const EXISTS = 409;
const MISSING = 404;
const CHANGED = 412;

/**
 * The store of `once`. An entity has `key`, `owner`, when a claim holds to (`until`) and when it expires (`expires`), in Unix seconds; an answer (JSON)
 * is in `answer0`, `answer1` and so on. Its ETag makes a write conditional, and is kept with the attempt that got it.
 * @param {{table: string}} config @param {import("./tables.mjs").Environment} env
 * @returns {import("./once.mjs").Store}
 */
export function claims({ table: setting }, env) {
  const table = (env[setting] ?? "").replace(/\/$/, "");
  /** @type {Map<string, string>} */
  const held = new Map();

  /** @param {string} owner @param {() => Promise<[unknown, string]>} request @param {number[]} expected statuses that mean that it is not ours */
  async function kept(owner, request, ...expected) {
    try {
      held.set(owner, (await request())[1]);
      return true;
    } catch (error) {
      if (error instanceof TableError && expected.includes(error.status)) return false;
      throw error;
    }
  }

  /** @param {string} key @param {string} owner @param {object} own @returns {Promise<boolean>} */
  async function inserted(key, owner, own) {
    const body = { PartitionKey: hashed(key), RowKey: "", ...own };
    try {
      return await kept(owner, () => ask("POST", table, env, { body }), EXISTS);
    } catch (error) {
      if (/** @type {TableError} */ (error).code !== "TableNotFound") throw error;
      const [account, name] = [table.slice(0, table.lastIndexOf("/")), table.slice(table.lastIndexOf("/") + 1)];
      await kept("", () => ask("POST", `${account}/Tables`, env, { body: { TableName: name } }), EXISTS); // an emulator makes them with their first entity
      return inserted(key, owner, own);
    }
  }

  /** @param {string} key @returns {Promise<[Record<string, any>, string] | undefined>} */
  async function found(key) {
    try {
      return await ask("GET", entity(table, hashed(key)), env);
    } catch (error) {
      if (/** @type {TableError} */ (error).status === MISSING) return undefined;
      throw error;
    }
  }

  return {
    async claim(key, owner, { now, until, expires }) {
      const own = { key, owner, ...times({ until, expires }) };
      for (let turn = 0; turn < TURNS; turn++) {
        if (await inserted(key, owner, own)) return undefined;
        const [theirs, etag] = (await found(key)) ?? [];
        if (!theirs) continue; // given back between our two looks
        const answer = answerOf(theirs);
        const free = theirs.owner === owner || theirs.expires <= now || (answer === undefined && theirs.until <= now);
        if (!free) return answer ?? "";
        if (await kept(owner, () => ask("PUT", entity(table, hashed(key)), env, { body: own, etag }), MISSING, CHANGED)) return undefined;
      }
      return "";
    },
    async complete(key, owner, answer, { expires }) {
      const parts = Object.fromEntries((answer.match(PART) ?? [""]).map((part, place) => [`answer${place}`, part]));
      const body = { key, owner, ...times({ until: 0, expires }), ...parts };
      const etag = held.get(owner);
      const written = etag !== undefined && (await kept(owner, () => ask("PUT", entity(table, hashed(key)), env, { body, etag }), MISSING, CHANGED));
      held.delete(owner);
      return written;
    },
    async release(key, owner) {
      const etag = held.get(owner);
      held.delete(owner);
      if (etag !== undefined) await kept("", () => ask("DELETE", entity(table, hashed(key)), env, { etag }), MISSING, CHANGED);
    },
  };
}

/** Keys of entities take no slashes, and these have some. @param {string} key */
function hashed(key) {
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(key).digest("hex");
}

/** Says that they are fractions: a whole number would be taken for 32 bits. @param {Record<string, number>} found */
function times(found) {
  return Object.fromEntries(Object.entries(found).flatMap(([name, seconds]) => [[`${name}@odata.type`, "Edm.Double"], [name, seconds]]));
}

/** @param {Record<string, any>} found */
function answerOf(found) {
  let answer;
  for (let place = 0; found[`answer${place}`] !== undefined; place++) answer = (answer ?? "") + found[`answer${place}`];
  return answer;
}
