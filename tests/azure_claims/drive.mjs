// The store in Node, driven over lines of JSON: [operation, key, owner, answer, times] in, what it gave out.
import { createInterface } from "node:readline";

const [runtime, table] = process.argv.slice(2);
const { claims } = await import(new URL("claims.mjs", `file://${runtime}/`).href);
const store = claims({ table: "DONE_TABLE" }, { ...process.env, DONE_TABLE: table });

for await (const line of createInterface({ input: process.stdin })) {
  const [operation, key, owner, answer, times] = JSON.parse(line);
  const given = { claim: [times], complete: [answer, times], release: [] }[operation];
  const told = await store[operation](key, owner, ...given);
  process.stdout.write(`${JSON.stringify(told ?? null)}\n`);
}
