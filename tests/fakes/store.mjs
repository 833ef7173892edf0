// A store of `idempotent` in Node, driven over lines of JSON: [operation, key, owner, answer, times] in, what it gave out.
import { createInterface } from "node:readline";

const [runtime, said] = process.argv.slice(2);
const { claims } = await import(new URL("claims.mjs", `file://${runtime}/`).href);
const store = claims(JSON.parse(said), process.env);

for await (const line of createInterface({ input: process.stdin })) {
  const [operation, key, owner, answer, times] = JSON.parse(line);
  const given = { claim: [times], complete: [answer, times], release: [] }[operation];
  const told = await store[operation](key, owner, ...given).then(
    (value) => ({ value: value ?? null }),
    (error) => ({ error: error.message }),
  );
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
