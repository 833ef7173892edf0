"""The door of an app: routes, keys, the host's own addresses; and what becomes of a worker that ends, hangs or cannot be loaded."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from azure_build import hosting
from azure_hosts.asking import Sandbox
from fnctl.build import interpreters
from fnctl.standins import processes
from fnctl.standins.environments import Environments
from fnctl_azure.standin.azurite import Azurite
from fnctl_azure.standin.azurite import parts as azurite_parts
from fnctl_azure.standin.hosts import IndexFailed, Keys, Row, front, parts
from fnctl_azure.standin.hosts.app import App, Package, logged
from fnctl_azure.standin.hosts.messages import Request


def test_a_request_goes_through_the_library_and_back(mechanics: Sandbox) -> None:
    answer = mechanics.ask("mechanics", "/api/open/caf%C3%A9/7?q=1&q=2&none=", "POST", b"hi", {"Host": "shop.example"})
    assert answer.status == 200
    params = {"name": "café", "count": "7"}
    assert answer.json == {"params": params, "query": {"q": "1,2"}, "body": "hi", "url": "http://shop.example/api/open/caf%C3%A9/7?q=1&q=2&none="}
    assert (answer.headers["content-type"], answer.headers["set-cookie"]) == ("application/json", "a=b%2Fc; path=/; httponly")


def test_a_line_of_the_log_names_its_function_and_its_call(mechanics: Sandbox) -> None:
    mechanics.ask("mechanics", "/api/open/the-log")
    line = mechanics.said(lambda row: row["message"] == "asked for the-log")
    assert (line["app"], line["function"], line["severity"], line["category"]) == (
        "mechanics",
        "open_to_all",
        "Warning",
        "Function.open_to_all.User",
    )
    request = mechanics.said(lambda row: row["table"] == "requests" and row["invocation"] == line["invocation"])
    assert (request["success"], request["status"], request["function"]) == (True, 200, "open_to_all")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/open/special", 200),
        ("GET", "/API/Open/Special/", 200),
        ("GET", "/open/special", 404),
        ("PUT", "/api/open/special", 404),
        ("GET", "/api/open/x/seven", 404),
        ("GET", "/", 200),
        ("GET", "/api/keyed", 401),
        ("GET", "/api/keyed?code=wrong", 401),
        ("GET", "/api/keyed?code={function}", 200),
        ("GET", "/api/keyed?code={master}", 200),
        ("GET", "/api/guarded?code={function}", 401),
        ("GET", "/api/guarded?code={master}", 200),
        ("GET", "/admin/host/status", 401),
        ("GET", "/admin/host/status?code={function}", 401),
        ("GET", "/admin/host/status?code={master}", 200),
        ("GET", "/admin/functions/keyed?code={master}", 200),
        ("GET", "/admin/functions/nobody?code={master}", 404),
        ("POST", "/runtime/webhooks/EventGrid?functionName=keyed", 401),
        ("GET", "/api/open/x?" + "q" * 4100, 404),
        ("GET", "/api/open/" + "x" * 8200, 414),
    ],
)
def test_what_a_caller_gets(mechanics: Sandbox, method: str, path: str, status: int) -> None:
    keys = mechanics.hosts.keys("mechanics")
    sent = path.replace("{master}", keys.master).replace("{function}", keys.functions["default"])
    assert mechanics.ask("mechanics", sent, method).status == status


def test_a_key_may_come_in_a_header_and_the_literal_route_wins(mechanics: Sandbox) -> None:
    key = mechanics.hosts.keys("mechanics").functions["default"]
    assert mechanics.ask("mechanics", "/api/keyed", headers={"x-functions-key": key}).body == b"in"
    assert mechanics.ask("mechanics", "/api/open/special").body == b"the literal part wins"


def test_nothing_of_this_machine_reaches_a_function(mechanics: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    found = mechanics.ask("mechanics", "/api/environment").json
    assert found["GREETING"] == "hello"
    assert found["WEBSITE_HOSTNAME"] == mechanics.hosts.address("mechanics").removeprefix("http://")
    assert (found["FUNCTIONS_WORKER_RUNTIME"], found["WEBSITE_SITE_NAME"]) == ("python", "mechanics")
    assert ("AZURE_CLIENT_SECRET" in found, found["files_at_home"]) == (False, [])
    assert {name for name in found if name.startswith(("PYTEST", "UV_", "VIRTUAL_ENV", "XDG_"))} == set()


def test_an_sdk_that_asks_for_a_token_is_told_at_once_why_there_is_none(mechanics: Sandbox) -> None:
    found = mechanics.ask("mechanics", "/api/environment").json
    environ = {name: value for name, value in found.items() if name.startswith(("AZURE_", "IDENTITY_", "HOME", "PATH"))}
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", ASK], env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert "fnctl's sandbox has no identities" in done.stdout, done.stderr
    assert time.monotonic() - begun < 5


ASK = """
from azure.identity import DefaultAzureCredential

try:
    DefaultAzureCredential().get_token("https://storage.azure.com/.default")
except Exception as error:
    print(error)
"""


def test_the_account_of_what_a_function_uses_is_in_its_environment(mechanics: Sandbox, azurite: Azurite) -> None:
    found, account = mechanics.ask("mechanics", "/api/environment").json, azurite.account("mechanicsdata")
    said = dict(part.split("=", 1) for part in found["AZURE_STORAGE_CONNECTION_STRING"].split(";"))
    assert (said["QueueEndpoint"], said["AccountKey"], said["AccountName"]) == (account.queue, account.key, account.name)
    assert (found["AZURE_STORAGE_ACCOUNT"], found["AZURE_STORAGE_KEY"]) == (account.name, account.key)


def test_a_failure_is_500_and_its_stack_is_in_the_log(mechanics: Sandbox) -> None:
    assert (mechanics.ask("mechanics", "/api/raise").status, mechanics.ask("mechanics", "/api/raise").body) == (500, b"")
    row = mechanics.said(lambda row: row["table"] == "exceptions" and row["function"] == "raising")
    assert "ValueError('no such luck')" in row["message"]
    assert "function_app.py" in row["message"]


def test_a_worker_that_ends_is_started_again(mechanics: Sandbox) -> None:
    assert mechanics.ask("mechanics", "/api/end").status == 500
    assert mechanics.said(lambda row: row["table"] == "exceptions" and "exited with code 3" in row["message"])["function"] == "end"
    assert mechanics.said(lambda row: row["message"] == "ending now")["category"] == "Host.Function.Console"
    assert mechanics.ask("mechanics", "/api/open/again").status == 200


def test_a_function_that_takes_too_long_is_ended_with_its_worker(mechanics: Sandbox) -> None:
    begun = time.monotonic()
    assert mechanics.ask("mechanics", "/api/sleep/60").status == 500
    assert 3 <= time.monotonic() - begun < 10
    row = mechanics.said(lambda row: row["table"] == "exceptions" and row["function"] == "sleep")
    assert row["message"].startswith("Timeout value of 00:00:03 exceeded by function 'Functions.sleep'")
    assert mechanics.ask("mechanics", "/api/sleep/0").body == b"slept"


def test_who_asks_waits_no_longer_than_azures_front_end_and_the_function_goes_on(python: list[str], tmp_path: Path) -> None:
    rows: list[Row] = []
    app = App("alone", "http://127.0.0.1:1", tmp_path, rows.append)
    app.publish(Package(Path(__file__).parent / "app", "python", python), {"TICKS": "0 0 0 1 1 *"})
    try:
        late = front.answer(app, Keys("m", {}, {}), Request("GET", "/api/sleep/0.5"), patience=0.1)
        assert (late.status, b"within 0.1 seconds" in late.body) == (504, True)
        limit = time.monotonic() + 10
        while not any("(Succeeded" in row["message"] for row in rows) and time.monotonic() < limit:
            time.sleep(0.05)
        assert any("(Succeeded" in row["message"] for row in rows)
    finally:
        app.close()


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(mechanics: Sandbox) -> None:
    connection = http.client.HTTPConnection(mechanics.hosts.address("mechanics").removeprefix("http://"), timeout=30)
    connection.putrequest("POST", "/api/open/x")
    connection.putheader("content-length", str(211 * 1024 * 1024))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_settings_start_the_worker_anew_and_secrets_are_followed(sandbox: Sandbox, python: list[str]) -> None:
    folder = Path(__file__).parent / "app"
    assert sandbox.ask("changing", "/api/environment").status == 503
    sandbox.hosts.publish(
        "changing", folder, "python3.13", python, {"A": "1", "S": "@Microsoft.KeyVault(VaultName=v;SecretName=s)", "T": "@Microsoft.KeyVault(x)"}
    )
    before = sandbox.ask("changing", "/api/environment").json
    sandbox.hosts.settings(
        "changing", {"A": "2", "AzureWebJobs.keyed.Disabled": "true", "AzureFunctionsJobHost__extensions__http__routePrefix": "v2"}
    )
    after = sandbox.ask("changing", "/v2/environment").json
    assert (before["A"], before["S"], before["T"], after["A"]) == ("1", "followed", "@Microsoft.KeyVault(x)", "2")
    assert "keyed" not in {found.name for found in sandbox.hosts.functions("changing")}
    sandbox.hosts.remove("changing")
    assert sandbox.hosts.functions("changing") == []


def test_an_app_that_cannot_be_loaded_says_why_and_has_no_functions(sandbox: Sandbox, python: list[str], tmp_path: Path) -> None:
    broken = shutil.copytree(Path(__file__).parent / "app", tmp_path / "broken")
    (broken / "function_app.py").write_text("import os\nREGION = os.environ['REGION']\n")
    with pytest.raises(IndexFailed, match="KeyError: 'REGION'"):
        sandbox.hosts.publish("broken", broken, "python3.13", python, {})
    assert sandbox.ask("broken", "/api/open/x").status == 404
    status = sandbox.hosts.status("broken")
    assert status["state"] == "Error"
    assert "REGION" in json.dumps(status["errors"])
    assert sandbox.hosts.functions("broken") == []


def test_an_answer_on_an_open_connection_waits_for_no_acknowledgement(mechanics: Sandbox) -> None:
    connection = http.client.HTTPConnection(mechanics.hosts.address("mechanics").removeprefix("http://"), timeout=30)
    took: list[float] = []
    for _ in range(12):
        begun = time.monotonic()
        connection.request("GET", "/api/open/special")
        connection.getresponse().read()
        took.append(time.monotonic() - begun)
    connection.close()
    assert min(took[2:]) < 0.03  # the kernel would wait 40 ms


def test_what_a_function_puts_out_by_a_binding_is_told_and_not_written(mechanics: Sandbox) -> None:
    assert mechanics.ask("mechanics", "/api/put").body == b"put"
    row = mechanics.said(lambda row: "is an output binding" in row["message"])
    assert (row["severity"], row["function"]) == ("Warning", "put")


@pytest.mark.parametrize(
    ("levels", "category", "severity", "expected"),
    [
        (None, "Function.a.User", "Information", True),
        (None, "Function.a.User", "Debug", False),
        ({"default": "Warning"}, "Host.Startup", "Information", False),
        ({"default": "Warning", "Function": "Information"}, "Function.a", "Information", True),
        ({"Function": "Information", "Function.a.User": "Debug"}, "Function.a.User", "Debug", True),
        ({"Function": "Information", "Function.a.User": "Debug"}, "Function.ab.User", "Debug", False),
        ({"Function.a.User": "None"}, "Function.a.User", "Critical", False),
    ],
)
def test_host_json_says_what_is_logged(levels: dict[str, str] | None, category: str, severity: str, *, expected: bool) -> None:
    assert logged(levels, category, severity) is expected


def test_an_older_python_runs_by_the_library_alone(sandbox: Sandbox) -> None:
    found = interpreters.find("3.11", os.environ)
    if found is None or not found.exact:
        pytest.skip("no Python 3.11 interpreter")
    command = parts.python(found, Environments("azure", os.environ, print))
    sandbox.hosts.publish("older", Path(__file__).parent / "app", "python3.11", command, {})
    answer = sandbox.ask("older", "/api/open/x/3?q=1", "POST", b"hi")
    assert (answer.json["params"], answer.json["query"], answer.json["body"]) == ({"name": "x", "count": "3"}, {"q": "1"}, "hi")
    assert answer.headers["set-cookie"] == "a=b%2Fc; path=/; httponly"
    line = sandbox.said(lambda row: row["message"] == "asked for x" and row["app"] == "older")
    assert line["function"] == "open_to_all"
    assert sandbox.ask("older", "/api/raise").status == 500
    key = sandbox.hosts.keys("older").master
    for function, given, told in (("work", "hello", "work hello, try 1"), ("tick", "", "tick, past due: False")):
        body = json.dumps({"input": given}).encode()
        assert sandbox.ask("older", f"/admin/functions/{function}", "POST", body, {"x-functions-key": key}).status == 202
        sandbox.said(saying("older", told))
    sandbox.hosts.remove("older")


def saying(app: str, told: str) -> Callable[[Row], bool]:
    return lambda row: row["app"] == app and row["message"] == told


def test_an_app_keeps_its_port_when_it_is_published_again(mechanics: Sandbox, python: list[str]) -> None:
    address = mechanics.hosts.address("mechanics")
    mechanics.hosts.publish("mechanics", Path(__file__).parent / "app", "python3.13", python, {})
    assert mechanics.hosts.address("mechanics") == address


def test_what_a_host_has_started_ends_with_it_however_it_ends(python: list[str], tmp_path: Path) -> None:
    command = azurite_parts.azurite(hosting.node(), Environments("azure", os.environ, print))
    program = PROGRAM.format(azurite=command, worker=python, app=str(Path(__file__).parent / "app"), state=str(tmp_path))
    host = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert host.stdout is not None
    with host.stdout as told:
        pids: list[int] = json.loads(told.readline())
    host.kill()
    host.wait()
    limit = time.monotonic() + 10
    while (left := [pid for pid in pids if processes.started(pid)]) and time.monotonic() < limit:
        time.sleep(0.05)
    assert left == []


PROGRAM = """
import json, time
from pathlib import Path
from fnctl_azure.standin.azurite import Azurite
from fnctl_azure.standin.azurite import parts as azurite_parts
from fnctl_azure.standin.hosts.worker import Worker

azurite = Azurite({azurite!r}, Path({state!r}))
worker = Worker([*{worker!r}, {app!r}], {{"TICKS": "0 0 0 1 1 *"}}, Path({app!r}), print)
print(json.dumps([azurite.pid, worker.pid]), flush=True)
time.sleep(60)
"""
