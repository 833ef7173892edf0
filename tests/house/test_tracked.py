"""What is in the repository: the version is one, and nothing in it belongs to one machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import fnctl

# A path of somebody's home or checkout, or a lock file that says which host to ask.
MACHINE = re.compile(r"(?<![\w.{$])/(?:work|root|home/\w+|Users/\w+)/")
REGISTRY = re.compile(r'"resolved":|--(?:extra-)?index-url|--find-links|\bhttps?://[^\s"]*(?:pypi|npmjs|registry|artifactory)[^\s"]*')


def tracked(root: Path) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
    return [path for name in listed.split("\0") if name and (path := root / name).is_file()]


def lines(root: Path, pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    texts = ((path, number, line) for path in paths for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1))
    return [f"{path.relative_to(root)}:{number}: {line.strip()[:120]}" for path, number, line in texts if pattern.search(line)]


def test_the_changelog_starts_with_this_version(root: Path) -> None:
    first = re.search(r"^## (\S+)", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first is not None
    assert first[1] == fnctl.__version__


def test_no_path_of_one_machine(root: Path) -> None:
    here = Path(__file__)
    assert lines(root, MACHINE, [path for path in tracked(root) if path != here]) == []


def test_no_lock_file_names_a_registry(root: Path) -> None:
    locks = [
        path for path in tracked(root) if path.name.endswith(("lock.json", ".lock")) or path.match("requirements/*.txt") or path.parent.name == "pins"
    ]
    assert locks
    assert lines(root, REGISTRY, locks) == []


def test_no_group_is_possessive(root: Path) -> None:
    """Python 3.11 before 3.11.5, which Debian 12 has, gives back too little inside such a group (cpython gh-106052): it matches what it must not."""
    sources = [path for path in tracked(root) if path.suffix == ".py" and path.parts[len(root.parts)] in ("cli", "adapters", "schemas")]
    assert lines(root, re.compile(r"""r[bf]?["'].*(\)[*+?]\+|\(\?>)"""), sources) == []
