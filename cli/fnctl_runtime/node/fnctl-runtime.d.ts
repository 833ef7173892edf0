/**
 * What a Node handler meets. Types only: nothing of this needs to be imported at run time.
 *
 *     import type { Context, CloudEvent } from "fnctl-runtime";
 */

/** One thing that happened: the attributes of CloudEvents 1.0 and what the platform adds. */
export interface CloudEvent<T = unknown> {
  readonly specversion: "1.0";
  /** Unique with `source`, and the same when the event is delivered again. */
  readonly id: string;
  /** `/SERVICE/KIND/KEY` of the trigger, or the sender's own word when the message was a CloudEvent. */
  readonly source: string;
  /** `fnctl.queue.message`, `fnctl.schedule`, ... or the sender's own. */
  readonly type: string;
  /** An object's key, a partition, a message group. */
  readonly subject?: string;
  /** RFC 3339 in UTC. */
  readonly time?: string;
  readonly datacontenttype: string;
  /** Decoded JSON, text, or bytes (Uint8Array). */
  readonly data: T;
  /** Further CloudEvents attributes such as `traceparent` or `correlationid`. */
  readonly extensions: Readonly<Record<string, unknown>>;
  /** 1 for the first delivery, as far as the platform counts. */
  readonly attempt: number;
  /** What the platform handed over. */
  readonly native: unknown;
  /** The structured form of CloudEvents 1.0. */
  toJSON(): object;
  /**
   * The event that this one leads to, to be sent as JSON. Its id is derived from this event's: handling a redelivery sends the same event again.
   * `name` keeps two of one type apart. It carries the chain's correlation, this event's id as its cause, and the trace.
   */
  follow<D>(type: string, data?: D, about?: { source?: string; name?: string; subject?: string }): CloudEvent<D>;
}

export interface ObjectData {
  bucket: string;
  key: string;
  size: number | null;
  etag: string | null;
  version: string | null;
}

export interface ChangeData<Item = Record<string, unknown>> {
  change: "insert" | "modify" | "remove";
  keys: Partial<Item>;
  new: Item | null;
  old: Item | null;
}

/** The running call. */
export interface Context {
  readonly requestId: string;
  /** 32 hex digits of the W3C trace, where there is one. */
  readonly traceId?: string;
  /** What ties this call to all that one cause set off: an event's `correlationid`, a request's `x-correlation-id`. */
  readonly correlationId?: string;
  /** Headers that carry the trace and the correlation on: `fetch(url, { headers: context.trace() })`. */
  trace(): Record<string, string>;
  /** Milliseconds until the platform stops the function, where it says so. */
  remaining(): number | undefined;
  /** What the route's `{name}` parts matched, decoded; empty for events. */
  readonly params: Readonly<Record<string, string>>;
  /** The platform's own event and context. */
  readonly native: { readonly event: unknown; readonly context: unknown };
}

/** Which step of which workflow's run calls: the second argument of interface `task`. */
export interface TaskContext extends Context {
  readonly run: string;
  /** The step's id; `lines[2]/pick` inside of maps. */
  readonly step: string;
  /** Names this piece of work, the same for every attempt at it and different for its compensation. */
  readonly key: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** The step undoes what another did. */
  readonly compensation: boolean;
  /** A failure that workflows match by name: `throw context.error("PaymentDeclined", "no funds")`. Any error's own `name` counts alike. */
  error(name: string, message?: string): Error;
}

/** The request of interface `function`. */
export interface FunctionRequest {
  readonly method: string;
  /** Percent-decoded, without query. */
  readonly path: string;
  readonly pathParams: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly cookies: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly text: string;
  readonly id: string;
  readonly native: unknown;
  /** The decoded body, null when it is empty; what is not JSON is answered with 400. */
  json(): any;
}

export type FetchHandler = (request: Request, context: Context) => Response | Promise<Response>;
/** A value is 200 and JSON, text is text, bytes are bytes, nothing is 204; a Response says it all. */
export type FunctionHandler = (request: FunctionRequest, context: Context) => unknown;
export type EventHandler<T = unknown> = (event: CloudEvent<T>, context: Context) => unknown;
export type TaskHandler<Input = unknown, Answer = unknown> = (input: Input, context: TaskContext) => Answer | Promise<Answer>;
/** With `batch: whole`: may return the events, or their ids, that failed. */
export type BatchHandler<T = unknown> = (
  events: CloudEvent<T>[],
  context: Context,
) => void | (string | CloudEvent<T>)[] | Promise<void | (string | CloudEvent<T>)[]>;
