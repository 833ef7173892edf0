"""A built app works on each piece once, with claims in Azurite's tables, and its functions find each other: in a host of the sandbox."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from azure_build import hosting
from azure_hosts.asking import Sandbox
from fakes.cli import environment
from fnctl_azure.standin.azurite import Azurite
from fnctl_azure.standin.hosts import Row, parts, storage


@pytest.fixture(scope="module")
def paying(sandbox: Sandbox, azurite: Azurite, python: list[str], tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The sample, built as a user builds it, as the apps `python` and `node`."""
    copy = shutil.copytree(Path(__file__).parent / "sample", tmp_path_factory.mktemp("built") / "sample")
    command = [sys.executable, "-m", "fnctl", "build", "--output", "json", "--no-import-check"]
    done = subprocess.run(command, cwd=copy, env=environment(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    account = azurite.account("payingdata")
    settings = {f"{name}_QUEUE_CONNECTION__queueServiceUri": account.queue for name in ("BILLS", "INVOICES")} | {
        "DONE_TABLE": f"{account.table}/done"
    }
    for one in {one["artifact"]: one for one in json.loads(done.stdout)["artifacts"]}.values():
        name, folder = one["artifact"], copy.parent / one["artifact"]
        with zipfile.ZipFile(one["path"]) as members:
            members.extractall(folder)
        words = ("python3.13", python) if name == "python" else ("nodejs22", parts.node(hosting.node()))
        sandbox.hosts.publish(name, folder, *words, settings)
    return sandbox


@pytest.mark.parametrize(("queue", "word", "function"), [("bills", "paid", "pay"), ("invoices", "settled", "settle")])
def test_two_messages_about_one_thing_are_worked_on_once(paying: Sandbox, azurite: Azurite, queue: str, word: str, function: str) -> None:
    account = azurite.account("payingdata")

    def said(row: Row, text: str) -> bool:
        return bool(row["function"] == function) and text in row["message"]

    storage.put(account, f"paying-dev-{queue}", '{"bill": "b-1"}')
    paying.said(lambda row: said(row, f"{word} b-1"), seconds=20)
    storage.put(account, f"paying-dev-{queue}", '{"bill": "b-1"}')
    paying.said(lambda row: said(row, "done before"), seconds=20)
    storage.put(account, f"paying-dev-{queue}", '{"bill": "b-2"}')
    paying.said(lambda row: said(row, f"{word} b-2"), seconds=20)
    assert len([row for row in paying.rows if said(row, f"{word} b-1")]) == 1


@pytest.mark.parametrize(("app", "path", "said"), [("python", "/ring", {"bill": "7"}), ("node", "/call", {"invoice": "7"})])
def test_a_function_finds_another_of_its_app(paying: Sandbox, app: str, path: str, said: object) -> None:
    answer = paying.ask(app, path)
    assert (answer.status, answer.json) == (200, said)
