// Spans through OpenTelemetry's API, one a call, where the manifest says `tracing: otel`. The API is the bundle's own; as in Python's `otel`.

import { current, traceparentOf } from "./invocation.mjs";

/** @typedef {any} Api the namespace of `@opentelemetry/api` @typedef {Record<string, unknown>} Facts */

/** @type {Record<string, string>} */
const TRIGGERS = { bucket: "datasource", table: "datasource", schedule: "timer", invoke: "other" };
/** @type {Record<string, string>} */
const OPERATIONS = { created: "insert", insert: "insert", modify: "edit", changed: "edit", deleted: "delete", remove: "delete" };
let cold = true;

/** A span for each event, and one with links for a whole batch. @param {Api} api @param {Function} handler @param {{function: string}} config */
export function events(api, handler, config) {
  return (/** @type {any} */ subject, /** @type {unknown} */ context) => {
    const batch = Array.isArray(subject);
    const facts = batch ? { "faas.trigger": "pubsub", "messaging.batch.message_count": subject.length } : eventFacts(subject);
    const parents = batch ? subject.map((event) => spanContext(api, event.extensions)).filter(Boolean) : [];
    const about = { kind: api.SpanKind.CONSUMER, facts, links: parents.map((linked) => ({ context: linked })) };
    return spanned(api, config.function, about, () => handler(subject, context));
  };
}

/** A span for each attempt at a step. @param {Api} api @param {Function} handler @param {{function: string}} config */
export function tasks(api, handler, config) {
  return (/** @type {unknown} */ input, /** @type {any} */ context) => {
    const { run, step, key, attempt } = context;
    const facts = { "faas.trigger": "other", "fnctl.run": run, "fnctl.step": step, "fnctl.key": key, "fnctl.attempt": attempt };
    return spanned(api, config.function, { kind: api.SpanKind.SERVER, facts }, () => handler(input, context));
  };
}

/**
 * A span for each request. `describe` gives its method, path, headers, and the manifest's route where it is known.
 * @param {Api} api @param {Function} respond
 * @param {(request: any) => {method: string, path: string, headers: Headers, route?: string, client?: string}} describe
 */
export function requests(api, respond, describe) {
  return (/** @type {any} */ request, /** @type {unknown} */ context) => {
    const { method, path, headers, route, client } = describe(request);
    const facts = {
      "faas.trigger": "http",
      "http.request.method": method,
      "http.route": route,
      "url.path": path,
      "url.scheme": (headers.get("x-forwarded-proto") ?? "https").split(",")[0].trim(),
      "server.address": headers.get("host") ?? undefined,
      "client.address": client || undefined,
      "user_agent.original": headers.get("user-agent") ?? undefined,
    };
    return spanned(api, route ? `${method} ${route}` : method, { kind: api.SpanKind.SERVER, facts }, async (/** @type {any} */ span) => {
      const response = await respond(request, context);
      span.setAttribute("http.response.status_code", response.status);
      if (response.status >= 500) span.setStatus({ code: api.SpanStatusCode.ERROR });
      return response;
    });
  };
}

/** Where the platform freezes the process after its function, spans leave before that. @param {Api} api @param {Function} handle */
export function flushing(api, handle) {
  return async (/** @type {unknown[]} */ ...platform) => {
    try {
      return await handle(...platform);
    } finally {
      const provider = api.trace.getTracerProvider();
      await (provider.getDelegate?.() ?? provider).forceFlush?.();
    }
  };
}

/**
 * @param {Api} api @param {string} name @param {{kind: number, facts: Facts, links?: object[]}} about
 * @param {(span: any) => unknown} work
 */
function spanned(api, name, { kind, facts, links }, work) {
  const running = current();
  const attributes = { "faas.invocation_id": running?.requestId, "faas.coldstart": cold, ...facts };
  cold = false;
  const above = spanContext(api, running ?? {});
  const parent = above ? api.trace.setSpanContext(api.ROOT_CONTEXT, above) : api.ROOT_CONTEXT;
  return api.trace.getTracer("fnctl_runtime").startActiveSpan(name, { kind, attributes, links }, parent, async (/** @type {any} */ span) => {
    if (running && span.isRecording()) {
      const { traceId, spanId, traceFlags } = span.spanContext(); // logs, and what the handler sends on, belong to our span from here
      running.traceId = traceId;
      running.traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
    }
    try {
      return await work(span);
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: api.SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** @param {Api} api @param {{traceparent?: unknown, tracestate?: unknown}} carrier */
function spanContext(api, { traceparent, tracestate }) {
  const [, traceId, spanId, flags] = traceparentOf(traceparent)?.split("-") ?? [];
  if (!traceId) return undefined;
  const traceState = tracestate ? api.createTraceState(String(tracestate)) : undefined;
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true, traceState };
  return api.isSpanContextValid(context) ? context : undefined;
}

/** The trigger's kind is in the type where the type is ours, else it came over a bus or as somebody's CloudEvent. @param {any} event @returns {Facts} */
function eventFacts(event) {
  const [ours, kind, what] = event.type.split(".");
  const own = ours === "fnctl" ? kind : "";
  const place = event.source.split("/").at(-1);
  const facts = {
    "faas.trigger": TRIGGERS[own] ?? "pubsub",
    "cloudevents.event_id": event.id,
    "cloudevents.event_source": event.source,
    "cloudevents.event_type": event.type,
    "cloudevents.event_subject": event.subject,
  };
  if (own === "bucket" || own === "table") {
    const change = own === "table" ? event.data.change : what;
    return {
      ...facts,
      "faas.document.collection": own === "bucket" ? event.data.bucket : place,
      "faas.document.operation": OPERATIONS[change],
      "faas.document.name": event.subject,
      "faas.document.time": event.time,
    };
  }
  if (own === "schedule") return { ...facts, "faas.time": event.time };
  return own === "invoke" ? facts : { ...facts, "messaging.destination.name": place, "messaging.operation.type": "process" };
}
