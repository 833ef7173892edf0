// A step of a workflow: the envelope that it is called with, and what its handler sees of it.

/** @typedef {{run: string, step: string, key: string, attempt: number, compensation: boolean}} Step */

/**
 * Takes an engine's call apart: the input, and which step it is. `step` and `requestId` speak for a payload that somebody sent by hand.
 * An engine counts attempts from 0 (`$states.context.State.RetryCount`), a handler from 1 as in events.
 * @param {any} payload
 * @param {{step: string, requestId: string}} byHand
 * @returns {[input: unknown, step: Step]}
 */
export function read(payload, { step, requestId }) {
  const about = payload?.fnctl;
  if (!about?.key) return [payload, { run: requestId, step, key: requestId, attempt: 1, compensation: false }];
  const { run = "", key, attempt = 0, compensation = false } = about;
  return [payload.input ?? null, { run, step: about.step ?? step, key, attempt: Number(attempt) + 1, compensation: Boolean(compensation) }];
}

/** A failure that workflows match by name. @param {string} name @param {string} [message] */
export function failure(name, message = "") {
  return Object.assign(new Error(message), { name });
}
