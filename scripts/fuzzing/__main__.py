"""`scripts/fuzz`: each target in a process of its own, for its share of the time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import targets

MEMORY = 1024
"""MB that no text may need: the fuzzer itself takes a good part of it."""
SLOWEST = 20
"""Seconds that no text may take, with the fuzzer's own counting in it."""


def main(home: Path, seconds: int, names: list[str]) -> int:
    share = max(1, seconds // len(names))
    failed = [name for name in names if not fuzz(home, name, share)]
    if failed:
        print(f"scripts/fuzz: {', '.join(failed)}: the texts are in {home / 'found'}; keep each one in tests/robust/found/TARGET/")
    return 1 if failed else 0


def fuzz(home: Path, name: str, seconds: int) -> bool:
    """Run one target from what is known of it. Tells whether nothing was found."""
    corpus, found, words = home / "corpus" / name, home / "found" / name, home / "words"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(targets.seeds(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    words.write_text("".join(json.dumps(word) + "\n" for word in targets.words() if word.isascii() and word.isprintable()), "utf-8")
    options = [
        f"-max_total_time={seconds}",
        f"-timeout={SLOWEST}",
        f"-rss_limit_mb={MEMORY}",
        f"-artifact_prefix={found}/",
        f"-dict={words}",
        "-max_len=4096",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    print(f"scripts/fuzz: {name}, {seconds} s", flush=True)
    command = [sys.executable, str(Path(__file__).with_name("targets.py")), name, *options, str(corpus)]
    done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True, errors="replace")
    counts = [line for line in done.stderr.splitlines() if "number_of_executed_units" in line or "peak_rss_mb" in line]
    print("\n".join(counts if done.returncode == 0 else [done.stderr[-6000:]]), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    asked = sys.argv[2:]
    time = int(asked.pop(0)) if asked and asked[0].isdigit() else 600
    sys.exit(main(Path(sys.argv[1]), time, asked or list(targets.TARGETS)))
