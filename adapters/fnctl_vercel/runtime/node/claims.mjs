// Where `idempotent` keeps its claims on Vercel, which has no store of its own: in a Redis, one hash a key, written by scripts that it runs whole.
// As in Python's `claims`.

import { redis } from "./redis.mjs";

const CLAIM = `
local o, u, x, a = unpack(redis.call('HMGET', KEYS[1], 'owner', 'until', 'expires', 'answer'))
local now = tonumber(ARGV[2])
if o and o ~= ARGV[1] and tonumber(x) > now then
  if a then return a end
  if tonumber(u) > now then return '' end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'until', ARGV[3], 'expires', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return false
`;
const COMPLETE = `
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'until')
redis.call('HSET', KEYS[1], 'answer', ARGV[2], 'expires', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
`;
const RELEASE = `
local o, a = unpack(redis.call('HMGET', KEYS[1], 'owner', 'answer'))
if o == ARGV[1] and not a then redis.call('DEL', KEYS[1]) end
return 0
`;
const milliseconds = (/** @type {number} */ seconds) => String(Math.trunc(seconds * 1000));

/**
 * The store of `once`. A hash has `owner`, `until` or `answer` (JSON), and `expires`; times are whole milliseconds. Redis forgets it by itself when
 * it has expired, by its own clock and for as long as our clock says: the two need not agree.
 * @param {{redis: string}} said @param {NodeJS.ProcessEnv} env
 * @returns {import("./once.mjs").Store}
 */
export function claims({ redis: name }, env) {
  const run = redis(name, env[name] ?? "");
  return {
    async claim(key, owner, { now, until, expires }) {
      const said = await run(CLAIM, key, owner, ...[now, until, expires, expires - now].map(milliseconds));
      return said === null ? undefined : String(said);
    },
    async complete(key, owner, answer, { expires }) {
      return (await run(COMPLETE, key, owner, answer, milliseconds(expires), milliseconds(expires - Date.now() / 1000))) === 1;
    },
    async release(key, owner) {
      await run(RELEASE, key, owner);
    },
  };
}
