// Events, one a call: whatever the platform, a CloudEvent comes in. An exception sends this one back, and no other.

/** The part of it that is used here; fnctl-runtime.d.ts has the rest. */
interface CloudEvent {
  data: unknown;
  attempt: number;
}

export function handler(event: CloudEvent): void {
  console.info("received", { event, attempt: event.attempt });
  if (JSON.stringify(event.data).includes("poison")) throw new RangeError("this one is not to be had");
}
