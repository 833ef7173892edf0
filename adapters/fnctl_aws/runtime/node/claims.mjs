// Where `idempotent` keeps its claims on AWS: one item a key in a DynamoDB table, written on conditions.

import { CallError, ask } from "./calls.mjs";

const FREE = "attribute_not_exists(#k) OR #x <= :now OR #o = :owner OR (attribute_not_exists(#a) AND #u <= :ms)";
const text = (/** @type {string} */ value) => ({ S: value });
const number = (/** @type {number} */ value) => ({ N: String(Math.floor(value)) });

/**
 * The store of `once`. An item has the table's own key, `owner`, `until` (milliseconds) or `answer` (JSON), and when it expires (seconds: what
 * `ttl` of a table wants).
 * @param {{table: string, attribute: string, expires: string}} said @param {import("./calls.mjs").Environment} env
 * @returns {import("./once.mjs").Store}
 */
export function claims({ table, attribute, expires: expiry }, env) {
  const all = { "#k": attribute, "#x": expiry, "#o": "owner", "#u": "until", "#a": "answer" };
  const call = (/** @type {string} */ verb, /** @type {object} */ words) =>
    ask("dynamodb", `DynamoDB_20120810.${verb}`, { TableName: env[table], ...words }, env, "1.0");

  /** @param {string} verb @param {object} words @returns {Promise<any>} false where the condition did not hold, and what stood there instead */
  async function conditional(verb, words) {
    try {
      await call(verb, words);
      return { held: true };
    } catch (error) {
      if (!(error instanceof CallError) || error.kind !== "ConditionalCheckFailedException") throw error;
      return { held: false, item: error.answer.Item };
    }
  }

  return {
    async claim(key, owner, { now, until, expires }) {
      const Item = { [attribute]: text(key), owner: text(owner), until: number(until * 1000), [expiry]: number(expires) };
      const { held, item } = await conditional("PutItem", {
        Item,
        ConditionExpression: FREE,
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        ExpressionAttributeNames: all,
        ExpressionAttributeValues: { ":now": number(now), ":ms": number(now * 1000), ":owner": text(owner) },
      });
      if (held) return undefined;
      const found = item ?? (await call("GetItem", { Key: { [attribute]: text(key) }, ConsistentRead: true })).Item;
      return found?.answer?.S ?? "";
    },
    async complete(key, owner, answer, { expires }) {
      const { held } = await conditional("UpdateItem", {
        Key: { [attribute]: text(key) },
        ConditionExpression: "#o = :owner",
        UpdateExpression: "SET #a = :answer, #x = :expires REMOVE #u",
        ExpressionAttributeNames: { "#o": all["#o"], "#a": all["#a"], "#x": all["#x"], "#u": all["#u"] },
        ExpressionAttributeValues: { ":owner": text(owner), ":answer": text(answer), ":expires": number(expires) },
      });
      return held;
    },
    async release(key, owner) {
      await conditional("DeleteItem", {
        Key: { [attribute]: text(key) },
        ConditionExpression: "#o = :owner AND attribute_not_exists(#a)",
        ExpressionAttributeNames: { "#o": all["#o"], "#a": all["#a"] },
        ExpressionAttributeValues: { ":owner": text(owner) },
      });
    },
  };
}
