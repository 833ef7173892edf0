// Handlers of each interface that the portable example leaves out.

import { setTimeout } from "node:timers/promises";

export function raw(request: any, context: any) {
  return { status: 203, body: `${context.functionName} ${request.query.get("q")}` };
}

export function step(given: unknown, context: any) {
  if (given === "broke") throw context.error("PaymentDeclined", "no funds");
  console.info("stepped");
  return { given, key: context.key, attempt: context.attempt };
}

export async function inner(event: any) {
  return { type: event.type, source: event.source, data: event.data };
}

export async function slow(request: any, context: any) {
  await setTimeout(300);
  console.warn("woke");
  return [request.pathParams.name, context.requestId === request.id];
}

export function feed(event: any) {
  console.info("fed", { n: event.data, attempt: event.attempt });
  if (event.data === "bad") throw new RangeError("not this one");
}
