"""The main job on Azure's stand-in with the examples: deploy, call, send, change, roll back, destroy; and what reaches the deployed packages."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from azure_standin import contracts
from e2e.test_orders import eventually, get
from e2e.test_portable import Deployed
from fakes import parts
from fakes.cli import Fnctl
from fnctl_azure.standin.hosts import Account, storage
from portable.test_http import FUNCTIONS, unequal

HERE = ("--target", "azure", "--sandbox")
LEDGER = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/fnctl-westeurope"
"""Of the subscription and the region, and not of the service: it stays for others."""
ISOLATED = """\
fnctl: 1
service: seen
targets: { azure: { region: westeurope } }
defaults: { runtime: python3.13, timeout: 10s }
secrets: [API_KEY]
functions:
  show: { handler: "show.py:handler", secrets: [API_KEY], triggers: [{ http: GET / }] }
"""
SHOW = """\
import os


def handler(request):
    seen = {key: value for key, value in os.environ.items() if key != "API_KEY"}
    return {"environment": seen, "home": os.listdir(os.path.expanduser("~")), "secret": len(os.environ["API_KEY"])}
"""
REMOTE = """\
fnctl: 1
service: far
targets: { azure: { region: westeurope, remote_build: true } }
defaults: { runtime: python3.13, timeout: 10s }
functions:
  brew: { handler: "brew.py:handler", triggers: [{ http: GET / }] }
"""
BREW = """\
import mine
import tea


def handler(request):
    return {"tea": tea.kind, "sugar": mine.sugar}
"""
OWN = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "mine"\nversion = "0.1"\n'
NOT_EMULATED = tuple(
    (function, kind, type_)
    for functions, kind, type_ in (
        (("listen", "hear"), "topic", "fnctl.topic.message"),
        (("watch", "observe"), "table", "fnctl.table.changed"),
        (("watch", "observe"), "stream", "fnctl.stream.record"),
        (("watch", "observe"), "bus", "fnctl.test"),
    )
    for function in functions
)
"""A function in Python and one in TypeScript, as what it is called, and what it gets."""
VALUE = "hunter2-hunter2-hunter2"
OURS = {"AZURE_CLIENT_SECRET": "the-machine's-own", "AZURE_TENANT_ID": "1d2c3b4a-0000-4000-8000-00000000beef", "CANARY": "yellow"}


def test_the_life_of_the_example(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    folder = project("orders")
    fnctl("secret", "set", "SIGNING_KEY", *HERE, cwd=folder, stdin="s3cr3t-value-of-the-test")
    first = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert (first["status"], first["release"]) == ("deployed", 1)
    api, quote = (first["outputs"]["functions"][name]["url"].rstrip("/") for name in ("api", "quote"))
    status, before = get(api + "/")
    assert status == 200
    status, accepted = get(api + "/orders", {"sku": "tea", "quantity": 2})
    assert status == 202
    row = eventually(lambda: get(f"{api}/orders/{accepted['id']}")[1])
    assert row == {"id": accepted["id"], "sku": "tea", "quantity": 2}
    assert get(quote + ("/tea" if quote.endswith("/quote") else "/quote/tea"))[1]["sku"] == "tea"

    written = _written(folder)
    again = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert (again["status"], again["release"]) == ("unchanged", 1)
    assert _written(folder) == written

    source = folder / "src" / "api.py"
    source.write_text(source.read_text().replace(before["version"], "2.0.0-test"))
    second = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert (second["status"], second["release"]) == ("deployed", 2)
    assert get(api + "/")[1]["version"] == "2.0.0-test"
    published = [path for method, path in _written(folder)[len(written) :] if method == "POST" and path.endswith("/api/publish")]
    assert len(published) == 1, "one edit, one app published"

    back = fnctl("rollback", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert (back["status"], back["release"]) == ("restored", 3)
    assert get(api + "/")[1] == before
    first_said, last_said = (fnctl("history", "--provenance", n, *HERE, cwd=folder).document() for n in "13")
    assert (first_said, [one["name"] for one in last_said["subject"]]) == (last_said, ["node.zip", "python.zip"])

    gone = fnctl("destroy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert gone["status"] == "destroyed"
    left = [one for one in _control(fnctl, folder, "resources") if not one.startswith(LEDGER)]
    assert left == []
    assert _refused_by_contract(folder) == []


def test_azure_installs_the_packages_where_it_is_asked_to(fnctl: Fnctl, project: Callable[..., Path], tmp_path: Path) -> None:
    links = tmp_path / "links"
    wheels = [parts.wheel(links, "tea", version, members={"tea.py": f"kind = '{version}'".encode()}) for version in ("1.0", "2.0")]
    own = {"own/pyproject.toml": OWN, "own/mine/__init__.py": "sugar = 2\n"}
    asked = f"tea==%s\n./own\n# of {tmp_path}\n"  # an earlier run's wheels have other digests, and are remembered
    folder = project(**{"fnctl.yaml": REMOTE, "brew.py": BREW, "requirements.txt": asked % "1.0"}, **own)
    env = {"UV_FIND_LINKS": str(links), "PIP_FIND_LINKS": str(links)}
    deploy = ("deploy", *HERE, "--yes", "--output", "json")
    url = fnctl(*deploy, cwd=folder, env=env).result()["outputs"]["functions"]["brew"]["url"]
    assert get(url)[1] == {"tea": "1.0", "sugar": 2}
    assert fnctl(*deploy, cwd=folder, env=env).result()["status"] == "unchanged"

    (folder / "requirements.txt").write_text(asked % "2.0")
    fnctl("build", "--target", "azure", "--sandbox", cwd=folder, env=env)
    wheels[1].unlink()  # it is in fnctl's cache, and no index has it any more
    failed = fnctl(*deploy, cwd=folder, env=env, code=5)
    assert "No matching distribution found for tea==2.0" in failed.err + failed.out
    assert get(url)[1] == {"tea": "1.0", "sugar": 2}
    assert fnctl("status", *HERE, "--output", "json", cwd=folder).document()["release"]["release"] == 1
    assert _refused_by_contract(folder) == []


def _refused_by_contract(folder: Path) -> list[str]:
    """What Azure's schemas and operations do not allow, of all that was asked of its resource manager."""
    return contracts.problems(contracts.read(folder / ".fnctl" / "sandbox" / "azure" / "data"))


def _control(fnctl: Fnctl, folder: Path, word: str) -> Any:
    """Ask the stand-in itself."""
    endpoint = fnctl("sandbox", "status", "--target", "azure", "--output", "json", cwd=folder).document()["endpoint"]
    return get(f"{endpoint}/_fnctl/{word}")[1]


def _written(folder: Path) -> list[tuple[str, str]]:
    """The writes that the stand-in has seen: method and path."""
    lines = (folder / ".fnctl" / "sandbox" / "azure" / "data" / "requests.jsonl").read_text().splitlines()
    return [(told["method"], told["path"]) for told in map(json.loads, lines) if told["write"]]


def test_what_starts_a_function_reaches_the_deployed_package(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    folder = project("portable")
    manifest = folder / "fnctl.yaml"
    # A minute is the finest that a schedule says: this one is due within the test.
    manifest.write_text(manifest.read_text().replace('cron: "0 3 * * *"', 'cron: "* * * * *"'))
    released = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    assert released["status"] == "deployed"
    deployed = Deployed(released["outputs"]["functions"])
    wrong = {function: unequal(deployed, function) for function in FUNCTIONS}
    assert not any(wrong.values()), json.dumps(wrong, indent=1, ensure_ascii=False, default=repr)

    account = _data(fnctl, folder)
    for queue, function in (("portable-dev-jobs", "listen"), ("portable-dev-chores", "hear")):
        storage.put(account, queue, '{"n": 1}')
        event = eventually(partial(_received, fnctl, folder, function, "fnctl.queue.message"))
        assert event["data"] == {"n": 1}
    storage.upload(account, "portable-dev-uploads", "in/photo.jpg", b"12345", "image/jpeg")
    event = eventually(lambda: _received(fnctl, folder, "watch", "fnctl.bucket.created"))
    assert (event["subject"], event["data"]["size"]) == ("in/photo.jpg", 5)
    # What nothing here emulates comes by the host's own door.
    for function, kind, _ in NOT_EMULATED:
        done = fnctl("invoke", function, "--event", kind, "--data", '{"id": "o-1"}', *HERE, "--output", "json", cwd=folder).document()
        assert done["status"] == 202
    wanted = {(function, type_) for function, _, type_ in NOT_EMULATED}
    eventually(lambda: {(name, event["type"]) for name, event in _events(fnctl, folder) if "o-1" in json.dumps(event["data"])} >= wanted)
    event = eventually(lambda: _received(fnctl, folder, "listen", "fnctl.schedule"), within=75)
    assert event["source"] == "/portable/schedule/nightly"
    assert _refused_by_contract(folder) == []


def _data(fnctl: Fnctl, folder: Path) -> Account:
    """The account that the service's queues and containers are in."""
    (queue,) = [one for one in _control(fnctl, folder, "resources") if one.endswith("/queues/portable-dev-jobs")]
    name = queue.partition("/storageAccounts/")[2].partition("/")[0]
    connection: str = json.loads((folder / ".fnctl" / "sandbox" / "azure" / "state.json").read_text())["facts"]["storage"]
    said = dict(part.split("=", 1) for part in connection.strip(";").split(";"))
    ends = (said[f"{service}Endpoint"].rpartition("/")[0] + f"/{name}" for service in ("Blob", "Queue", "Table"))
    return Account(name, said["AccountKey"], *ends)


def _events(fnctl: Fnctl, folder: Path, *functions: str) -> list[tuple[str, dict[str, Any]]]:
    """What functions say that they have received, and which of them."""
    lines = fnctl("logs", *functions, *HERE, "--since", "10m", "--output", "json", cwd=folder).lines()
    return [(line["function"], json.loads(line["message"])["event"]) for line in lines if '"received"' in line.get("message", "")]


def _received(fnctl: Fnctl, folder: Path, function: str, kind: str) -> dict[str, Any] | None:
    return next((event for _, event in _events(fnctl, folder, function) if event["type"] == kind), None)


def test_a_handler_sees_the_sandbox_only(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    folder = project(**{"fnctl.yaml": ISOLATED, "show.py": SHOW})
    fnctl("secret", "set", "API_KEY", *HERE, cwd=folder, stdin=VALUE, env=OURS)
    deployed = fnctl("deploy", *HERE, "--yes", "--output", "json", "--verbose", cwd=folder, env=OURS)
    answer = get(deployed.result()["outputs"]["functions"]["show"]["url"])[1]
    seen = answer["environment"]
    assert seen["WEBSITE_HOSTNAME"].startswith("127.0.0.1:")
    assert ("AZURE_CLIENT_SECRET" in seen, answer["home"], answer["secret"]) == (False, [], len(VALUE))
    assert seen["IDENTITY_ENDPOINT"].startswith("http://127.0.0.1:")
    assert not set(OURS.values()) & set(seen.values())
    shown = "".join(done.out + done.err for done in (deployed, fnctl("history", *HERE, cwd=folder), fnctl("plan", *HERE, cwd=folder)))
    assert VALUE not in shown
    assert _refused_by_contract(folder) == []
