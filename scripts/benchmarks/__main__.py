"""`scripts/bench`: which measurement, and whether it is within its budget."""

from __future__ import annotations

import argparse
import sys

import builds
import deploy
import elsewhere
import peers
import processes

import runtime


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure side by side, print ratios; exit 1 when one is over its budget.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("version", "validate"):
        options = verbs.add_parser(verb)
        options.add_argument("--runs", type=int, default=21, help="rounds; the median counts")
    options = verbs.choices["validate"]
    options.add_argument("--functions", type=int, nargs="+", default=[2, 200, 5000])
    options.add_argument("--peer-runs", type=int, default=5, help="rounds with the peers, which take their time")
    options.add_argument("--install-peers", action="store_true", help="install sam, cfn-lint and osls into the checkout's cache, and compare")
    options = verbs.add_parser("deploy")
    options.add_argument("--functions", type=int, default=50)
    options.add_argument("--trigger", choices=["none", "http", "schedule"], default="none", help="with http it is API Gateway's quota that binds")
    options = verbs.add_parser("build")
    options.add_argument("--functions", type=int, default=2)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--wheels", action="store_true", help="many dependencies into one archive, instead of many functions")
    options.add_argument("--install-peers", action="store_true", help="first install sam and osls into the cache")
    options = verbs.add_parser("runtime")
    options.add_argument("--runs", type=int, default=15, help="starts of each; the middle of the differences counts")
    asked = parser.parse_args()
    if asked.verb == "runtime":
        return runtime.measure(asked.runs) | elsewhere.measure(asked.runs, runtime.BUDGETS)
    if asked.verb == "build":
        if asked.install_peers:
            peers.install()
        return builds.wheels(asked.runs) if asked.wheels else builds.measure(asked.functions, asked.runs)
    if asked.verb == "deploy":
        return deploy.measure(asked.functions, asked.trigger)
    if asked.verb == "version":
        return processes.start(asked.runs)
    if asked.install_peers:
        peers.install()
    return processes.validate(asked.functions, asked.runs, asked.peer_runs)


if __name__ == "__main__":
    sys.exit(main())
