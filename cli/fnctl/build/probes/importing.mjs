// Import handlers' bundles as their platform will, and write down what happened. Runs alone, under the target's Node.
// Each line of standard input is one handler's question. A bundle that throws, hangs or ends the process is asked again in a process of its own.

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

function told(error) {
  const thrown = error instanceof Error ? error : new Error(String(error));
  const network = ["ECONNREFUSED", "ENOTFOUND", "ETIMEDOUT", "EAI_AGAIN"];
  const codes = [thrown.code, thrown.cause?.code];
  const missing = /Cannot find (?:package|module) '([^']+)'/.exec(thrown.message);
  return {
    type: thrown.name,
    text: thrown.message.slice(0, 1000),
    frames: [...(thrown.stack ?? "").matchAll(/(?:\(|at )(?:file:\/\/)?(\/[^():]+):(\d+):\d+\)?/g)].map((found) => [found[1], Number(found[2]), ""]).reverse(),
    module: missing ? missing[1] : null,
    variable: null,
    network: codes.some((code) => network.includes(code)),
  };
}

for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const spec = JSON.parse(line);
  for (const name of Object.keys(process.env)) {
    delete process.env[name];
  }
  Object.assign(process.env, spec.environ);
  process.chdir(spec.root);
  let answer = {};
  try {
    const module = await import(pathToFileURL(`${spec.root}/${spec.file}`));
    if (!(spec.name in module)) {
      answer = told(new TypeError(`the bundle exports no ${spec.name}`));
    }
  } catch (error) {
    answer = told(error);
  }
  writeFileSync(spec.answer, JSON.stringify(answer));
}
process.exit(0);
