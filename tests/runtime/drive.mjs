// Calls a handler of an artifact as Lambda does: a process of its own, JSON in and out.

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, name, results] = process.argv.slice(2);
const events = JSON.parse(readFileSync(0, "utf8"));
const deadline = Date.now() + 3000;
const context = (index) => ({ awsRequestId: `request-${index + 1}`, getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()) });

async function call(handler, index, event) {
  try {
    const answer = await handler(event, context(index));
    return { answer: answer === undefined ? null : JSON.parse(JSON.stringify(answer)) };
  } catch (error) {
    return { error: error.name, message: error.message, stack: error.stack };
  }
}

async function main() {
  const [file, attribute] = name.split(".");
  let handler;
  try {
    handler = (await import(pathToFileURL(`${folder}/${file}.mjs`).href))[attribute];
  } catch (error) {
    return { init: `${error.name}: ${error.message}`, stack: error.stack };
  }
  const calls = [];
  for (const [index, event] of events.entries()) calls.push(await call(handler, index, event));
  return { calls };
}

writeFileSync(results, JSON.stringify(await main()));
