"""The client against answers as data: what is waited for, for how long, and what a stop on the way says."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fnctl.adapter import Cancel, Run, Where
from fnctl.errors import CloudError, CredentialsError, FnctlError, Unreachable
from fnctl.events import Event
from fnctl_azure.client import Client
from fnctl_azure.client.signing import key_of, signed
from fnctl_azure.client.wire import Answer
from fnctl_azure.place import Place, ledger_account, place_of

ENDPOINT = "https://management.azure.com"
SITE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/a"
PLACE = Place("westeurope", "s", "t", ENDPOINT, False, None, "shop/dev")


def said(status: int, body: Any = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(body).encode() if body is not None else b"", named)


class Scripted:
    """A wire that answers from a list, the last one for ever, and remembers what was asked."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, str | None]] = []
        self.written = ""

    def token(self) -> str:
        return self.written

    def send(self, method: str, url: str, *, scope: str | None, **_: Any) -> Answer:
        self.asked.append((method, url, scope))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Watch:
    """A run whose time is counted and not spent."""

    def __init__(self, stop_after: float = float("inf"), deadline: float = 3600.0) -> None:
        self.slept: list[float] = []
        self.told: list[str] = []
        self._stop_after = stop_after
        self.run = Run(self._emit, self._cancel, time.monotonic() + deadline, self._sleep, lambda _: Path())

    def _emit(self, event: Event) -> None:
        self.told.append(str(event.data.get("message")))

    def _cancel(self) -> Cancel:
        return Cancel.NOW if sum(self.slept) >= self._stop_after else Cancel.NO

    def _sleep(self, seconds: float) -> bool:
        self.slept.append(seconds)
        return sum(self.slept) < self._stop_after


def client(*answers: Answer | Exception) -> tuple[Client, Scripted]:
    script = Scripted(*answers)
    return Client(script, PLACE, "s", "t"), script  # type: ignore[arg-type]  # all of a wire that is used


def test_an_operation_is_followed_at_the_pace_that_is_asked_for() -> None:
    operation = f"{ENDPOINT}/operations/1?api-version=1"
    made, script = client(
        said(202, {}, azure_asyncoperation=operation, retry_after="7"),
        said(200, {"status": "InProgress"}, retry_after="9"),
        said(200, {"status": "Succeeded"}),
        said(200, {"name": "a", "properties": {"state": "Running"}}),
    )
    watch = Watch()
    assert made.arm("PUT", SITE, "1", {}, watch.run)["name"] == "a"
    assert watch.slept == [7.0, 9.0]
    assert [url for _, url, _ in script.asked[1:3]] == [operation, operation]


def test_an_operation_that_fails_says_why() -> None:
    failed = {"status": "Failed", "error": {"code": "SkuNotAvailable", "message": "EP1 is not sold here."}}
    made, _ = client(said(202, {}, azure_asyncoperation=f"{ENDPOINT}/operations/1"), said(200, failed))
    with pytest.raises(CloudError, match="EP1 is not sold here") as refused:
        made.arm("PUT", SITE, "1", {}, Watch().run)
    assert refused.value.reason == "SkuNotAvailable"
    assert "plan" in (refused.value.diagnostics[0].help or "")


def test_an_operation_that_never_ends_can_be_stopped_and_ends_by_itself() -> None:
    hanging = (said(202, {}, azure_asyncoperation=f"{ENDPOINT}/operations/1"), said(200, {"status": "InProgress"}))
    watch = Watch(stop_after=20)
    with pytest.raises(CloudError) as stopped:
        client(*hanging)[0].arm("PUT", SITE, "1", {}, watch.run)
    assert (stopped.value.reason, stopped.value.unknown) == ("Interrupted", True)
    assert watch.told == ["waiting for Microsoft.Web/sites/a"]
    with pytest.raises(CloudError) as late:
        client(*hanging)[0].arm("PUT", SITE, "1", {}, Watch(deadline=-1).run)
    assert late.value.reason == "Interrupted"


def test_a_link_to_elsewhere_gets_no_token() -> None:
    made, script = client(said(202, {}, azure_asyncoperation="https://evil.example/operations/1"), said(200, {"properties": {}}))
    made.arm("PUT", SITE, "1", {}, Watch().run)
    assert all(url.startswith(ENDPOINT) for _, url, _ in script.asked)
    lists, _ = client(said(200, {"value": [{"name": "one"}], "nextLink": "https://evil.example/more"}))
    with pytest.raises(CloudError, match=r"evil\.example"):
        list(lists.pages(f"{SITE}/functions", "1"))


@pytest.mark.parametrize(
    ("answers", "tries"),
    [
        ((said(429, {}, retry_after="3"), said(503), said(200, {"name": "a"})), 3),
        ((said(409, {"error": {"code": "AnotherOperationInProgress", "message": ""}}), said(200, {"name": "a"})), 2),
        ((said(404, {"error": {"code": "ParentResourceNotFound", "message": ""}}), said(200, {"name": "a"})), 2),
    ],
)
def test_what_passes_is_waited_out(answers: tuple[Answer, ...], tries: int) -> None:
    made, script = client(*answers)
    watch = Watch()
    made.arm("PUT", SITE, "1", {}, watch.run)
    assert len([one for one in script.asked if one[0] == "PUT"]) == tries
    assert watch.slept[0] >= 3.0 or answers[0].status != 429


def test_pages_end_where_nothing_is_and_a_missing_subscription_is_no_nothing() -> None:
    assert list(client(said(404, {"error": {"code": "ResourceGroupNotFound"}}))[0].pages(f"{SITE}/functions", "1")) == []
    assert client(said(404, {"error": {"code": "ResourceNotFound"}}))[0].find(SITE, "1") is None
    with pytest.raises(CloudError):
        client(said(404, {"error": {"code": "SubscriptionNotFound", "message": "no"}}))[0].find(SITE, "1")
    found = client(said(200, {"value": [{"name": "1"}], "nextLink": f"{ENDPOINT}/more"}), said(200, {"value": [{"name": "2"}]}))[0]
    assert [item["name"] for item in found.pages(SITE, "1")] == ["1", "2"]


def test_failures_without_an_answer_are_told_apart() -> None:
    from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

    with pytest.raises(CredentialsError, match="no usable Azure login"):
        client(ClientAuthenticationError("Please run az login"))[0].find(SITE, "1")
    with pytest.raises(Unreachable):
        client(ServiceRequestError("refused"))[0].arm("GET", SITE, "1", run=Watch(stop_after=2).run)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"idtyp": "app"}, "ServicePrincipal"),
        ({}, "ServicePrincipal"),
        ({"idtyp": "user", "scp": "user_impersonation"}, "User"),
        ({"scp": "user_impersonation"}, "User"),
    ],
)
def test_a_token_says_whether_a_person_deploys(said: dict[str, str], kind: str) -> None:
    made, script = client(Answer(200, b""))
    payload = base64.urlsafe_b64encode(json.dumps({"oid": "me", **said}).encode()).decode().rstrip("=")
    script.written = f"header.{payload}.signature"
    assert made.who() == ("me", kind)


@pytest.mark.parametrize(
    ("settings", "environ", "found"),
    [
        ({"region": "West Europe"}, {}, ("westeurope", None, "https://management.azure.com")),
        ({}, {"AZURE_DEFAULTS_LOCATION": "northeurope", "AZURE_SUBSCRIPTION_ID": "s"}, ("northeurope", "s", "https://management.azure.com")),
        (
            {"region": "x", "subscription": "mine"},
            {"AZURE_SUBSCRIPTION_ID": "s", "FNCTL_AZURE_ENDPOINT": "http://127.0.0.1:9/"},
            ("x", "mine", "http://127.0.0.1:9"),
        ),
    ],
)
def test_a_place_is_the_manifests_then_the_environments(settings: Mapping[str, Any], environ: Mapping[str, str], found: tuple[Any, ...]) -> None:
    place = place_of(Where("shop", "dev", settings, environ, Path()))
    assert (place.region, place.subscription, place.endpoint) == found


@pytest.mark.parametrize(
    ("environ", "sandbox", "code"),
    [
        ({}, False, "FN968"),
        ({"AZURE_DEFAULTS_LOCATION": "x", "FNCTL_AZURE_ENDPOINT": "http://example.com"}, False, "FN966"),
        ({"AZURE_DEFAULTS_LOCATION": "x", "FNCTL_AZURE_ENDPOINT": "ftp://127.0.0.1"}, False, "FN966"),
        ({"AZURE_DEFAULTS_LOCATION": "x", "FNCTL_AZURE_ENDPOINT": "https://management.azure.com"}, True, "FN966"),
        ({"AZURE_DEFAULTS_LOCATION": "x"}, True, "FN953"),
    ],
)
def test_no_token_goes_out_in_the_clear(environ: Mapping[str, str], sandbox: bool, code: str) -> None:
    with pytest.raises(FnctlError) as refused:
        place_of(Where("shop", "dev", {}, environ, Path(), sandbox))
    assert refused.value.diagnostics[0].code == code


def test_a_ledgers_account_is_one_a_subscription_and_region() -> None:
    names = {ledger_account(subscription, region) for subscription in ("a", "b") for region in ("x", "y")}
    assert len(names) == 4
    assert all(name.isalnum() and name.islower() and len(name) == 24 for name in names)


def test_reads_of_a_stand_ins_storage_are_signed() -> None:
    connection = "AccountName=own;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/own;TableEndpoint=http://127.0.0.1:3/own;"
    assert key_of(connection) == "a2V5"
    blob, table = (signed(f"http://127.0.0.1:{port}/data/things?comp=list", connection, {"x-ms-version": "1"}) for port in (1, 3))
    assert {blob["Authorization"].partition(":")[0], table["Authorization"].partition(":")[0]} == {"SharedKey data"}
    assert blob["Authorization"] != table["Authorization"]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sleeps in these tests."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
