"""What looks like a secret: to refuse it in a manifest, and to keep it off the screen when its line is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from fnctl.pattern import later

# Prefixes are the vendors' own, made so that scanners find them; each is followed by enough characters to be a key and not a word about keys.
KEYS = later(
    r"""
    \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                                # AWS access key id
    | \b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36,} | github_pat_\w{22,} | \bglpat-[\w-]{20,}
    | \b[sr]k_(?:live|test)_[A-Za-z0-9]{16,} | \bwhsec_[A-Za-z0-9]{24,}   # Stripe
    | \bxox[abeoprs]-[A-Za-z0-9-]{10,}                           # Slack
    | \bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}
    | \bAIza[\w-]{35} | \bSG\.[\w-]{16,}\.[\w-]{16,} | \bnpm_[A-Za-z0-9]{36} | \bpypi-[\w-]{40,} | \bdop_v1_[a-f0-9]{64}
    | \beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}                    # a signed JSON web token
    | -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY-----
    | (?<=://)[^\s/:@]+:(?!\$\{)[^\s/@]{3,}(?=@)                 # user:password@ in a URL
    | (?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/=]{20,}         # Azure connection strings
    """,
    re.VERBOSE,
)
HINTS = ("AKIA", "ASIA", "_", "-", "AIza", "SG.", "eyJ", "://", "Key=")
"""Whatever form a key has, one of these is in it: looking for them takes a twentieth of the time."""

NAMES = ("SECRET", "PASSW", "TOKEN", "KEY", "CREDENTIAL")
_NAMED = later(r"(?:^|_)(?:SECRET|PASSWORD|PASSWD|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?)$", re.IGNORECASE)
_WRITTEN = later(
    r"""([A-Za-z0-9_]*(?:SECRET|PASSWORD|PASSWD|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?)["']?\s*:\s*)("[^"]*"?|'[^']*'?|[^\s,}\]]+)""",
    re.IGNORECASE,
)
_LONG = later(r"[A-Za-z0-9+/=_.~!@#%^&*-]{12,}")
_PLAIN = later(r"[a-z]+(?:[-_./][a-z]+)*|arn:.*|/.*|https?://[^@]*", re.IGNORECASE)


SHORTEST = 9
"""No form of a key is shorter: `://a:bcd@`."""


def suspects(texts: Iterable[str]) -> set[str]:
    """Return those of many texts that may hold a credential: only they need `looks_secret`. Each hint is looked for in all of them at once."""
    every = set(texts)
    whole = "\n".join(every)
    hints = [hint for hint in HINTS if hint in whole]
    return {text for text in every if any(hint in text for hint in hints)} if hints else set()


def looks_secret(key: str, value: str) -> bool:
    """Tell whether an environment value is a credential: by its own form, or by a name such as DB_PASSWORD with a random-looking value."""
    return len(value) >= SHORTEST and _looks_secret(key, value)


@lru_cache(maxsize=32_768)
def _looks_secret(key: str, value: str) -> bool:
    """Remember the answer, because every target asks the same."""
    if any(hint in value for hint in HINTS) and KEYS.search(value):
        return True
    named = not key.isascii() or any(hint in key.upper() for hint in NAMES)
    return named and bool(_NAMED.search(key)) and bool(_LONG.fullmatch(value)) and not _PLAIN.fullmatch(value)


def mask(line: str) -> str:
    """Cover, column for column, what has the form of a credential or stands beside a name such as DB_PASSWORD: a manifest's line is shown in logs."""
    covered = _WRITTEN.sub(lambda m: m[1] + (m[2] if m[2].startswith(("[", "{", "$")) else "*" * len(m[2])), line)
    return KEYS.sub(lambda m: "*" * len(m[0]), covered)
