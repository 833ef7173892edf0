"""Where `idempotent` keeps its claims on Vercel, which has no store of its own: in a Redis, one hash a key, written by scripts that it runs whole."""

from __future__ import annotations

import time

from fnctl_vercel.runtime.redis import Redis

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_CLAIM = """
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
"""
_COMPLETE = """
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'until')
redis.call('HSET', KEYS[1], 'answer', ARGV[2], 'expires', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
"""
_RELEASE = """
local o, a = unpack(redis.call('HMGET', KEYS[1], 'owner', 'answer'))
if o == ARGV[1] and not a then redis.call('DEL', KEYS[1]) end
return 0
"""


class Claims:
    """The store of `once`.

    A hash has `owner`, `until` or `answer` (JSON), and `expires`; times are whole milliseconds. Redis forgets it by itself when it has expired, by
    its own clock and for as long as our clock says: the two need not agree.
    """

    def __init__(self, config: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        name = config["idempotent"]["redis"]
        self.redis = Redis(name, environ[name])

    def claim(self, key: str, owner: str, *, now: float, until: float, expires: float) -> str | None:
        """See `fnctl_runtime.once.Store`."""
        said = self.redis.run(_CLAIM, key, owner, *map(_milliseconds, (now, until, expires, expires - now)))
        return None if said is None else str(said)

    def complete(self, key: str, owner: str, answer: str, *, expires: float) -> bool:
        """See `fnctl_runtime.once.Store`."""
        return self.redis.run(_COMPLETE, key, owner, answer, _milliseconds(expires), _milliseconds(expires - time.time())) == 1

    def release(self, key: str, owner: str) -> None:
        """See `fnctl_runtime.once.Store`."""
        self.redis.run(_RELEASE, key, owner)


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
