"""What AWS's deploys do not do yet can be built, and what is built runs: a function that listens to every kind of source."""

import zipfile
from collections.abc import Callable
from pathlib import Path

from fakes.cli import Fnctl
from fnctl_aws.runtime.recipe import Shim
from runtime.lambdas import Lambda, stored

MANIFEST = """\
fnctl: 1
service: orders
targets:
  aws: { region: eu-west-1 }
defaults: { runtime: python3.13, interface: event }
resources:
  jobs: { type: queue }
  uploads: { type: bucket }
  alerts: { type: topic }
  orders: { type: table }
  clicks: { type: stream }
  shop: { type: bus }
functions:
  sink:
    handler: src/app.py:handler
    triggers: [{ queue: jobs }, { bucket: uploads }, { topic: alerts }, { table: orders }, { stream: clicks }, { bus: { name: shop, type: "*" } }]
"""
APP = "def handler(event):\n    print('GOT', event.source, event.type)\n"


def test_every_source_can_be_built_and_not_every_one_deployed(fnctl: Fnctl, project: Callable[..., Path], tmp_path: Path) -> None:
    folder = project(**{"fnctl.yaml": MANIFEST, "src/app.py": APP})
    refused = fnctl("plan", "--offline", cwd=folder, code=1)
    assert "error[FN190]: a `topic` trigger is not acted on by AWS yet" in refused.err
    done = fnctl("build", cwd=folder)
    assert "warning[FN190]: a `topic` trigger is not acted on by AWS yet" in done.err
    assert "error[" not in done.err
    with zipfile.ZipFile(folder / ".fnctl/build/aws/sink.zip") as archive:
        archive.extractall(tmp_path / "built" / "task")
    built = Lambda(tmp_path / "built" / "task", Shim((), "_fnctl_aws.handler", ""))
    kinds = ("queue", "bucket", "topic", "table", "stream", "bus")
    outcome = built.call(*(stored(kind)["event"] for kind in kinds))
    assert outcome.init is None
    expected = [f"GOT {event['source']} {event['type']}" for kind in kinds for event in stored(kind)["expected"]]
    assert [line for line in outcome.lines if line.startswith("GOT ")] == expected
