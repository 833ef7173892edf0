"""What goes wrong on demand, who is let in, and what is written down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from azure_standin.caller import GROUP, Caller

BODY = {"location": "westeurope"}


def test_the_nth_request_that_fits_is_refused(caller: Caller) -> None:
    caller.control(
        "faults",
        {
            "how": "refuse",
            "method": "WRITE",
            "path": "resourceGroups/",
            "nth": 2,
            "status": 429,
            "code": "TooManyRequests",
            "headers": {"Retry-After": "7"},
        },
    )
    assert caller.ask("PUT", GROUP, BODY).status == 201
    second = caller.ask("PUT", GROUP, BODY)
    assert (second.status, second.code, second.headers["retry-after"]) == (429, "TooManyRequests", "7")
    assert caller.ask("PUT", GROUP, BODY).status == 200
    assert caller.control("faults", method="GET").body[0]["struck"] == 1


@pytest.mark.parametrize(("how", "there"), [("drop", 404), ("lose", 200)])
def test_a_connection_ends_before_or_after_it_was_done(how: str, there: int, caller: Caller) -> None:
    caller.token()
    caller.control("faults", {"how": how, "method": "PUT"})
    with pytest.raises(OSError):  # noqa: PT011  # reset or closed: the system's own words
        caller.ask("PUT", GROUP, BODY)
    assert caller.ask("GET", GROUP).status == there


def test_a_fault_that_is_none_is_refused(caller: Caller) -> None:
    assert caller.control("faults", {"how": "explode"}).status == 400
    assert caller.control("world", {"gravity": 0}).status == 400


def test_tokens_end_and_are_for_somebody(caller: Caller) -> None:
    assert caller.ask("GET", GROUP).code == "ResourceGroupNotFound"
    caller.control("world", {"expire_tokens": True})
    ended = caller.ask("GET", GROUP)
    assert (ended.status, ended.code) == (401, "ExpiredAuthenticationToken")
    assert "www-authenticate" in ended.headers
    caller.bearer = ""
    assert caller.ask("GET", GROUP).code == "ResourceGroupNotFound"
    caller.bearer = caller.token("https://vault.azure.net").body["access_token"]
    assert caller.ask("GET", GROUP).code == "InvalidAuthenticationTokenAudience"
    caller.bearer = "nonsense"
    assert caller.ask("GET", GROUP).code == "InvalidAuthenticationToken"
    assert caller.raw("GET", f"{GROUP}?api-version=2025-04-01").code == "AuthenticationFailed"


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [({"client_id": "x"}, 400, "AADSTS700016"), ({"client_secret": "x"}, 401, "AADSTS7000215"), ({"grant_type": "x"}, 400, "AADSTS70003")],
)
def test_who_is_not_known_gets_no_token(form: dict[str, str], status: int, says: str, caller: Caller) -> None:
    told = caller.token(**form)
    assert told.status == status
    assert says in told.body["error_description"]


def test_a_managed_identity_gets_a_token_on_this_machine(caller: Caller) -> None:
    path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/"
    assert caller.raw("GET", path).status == 400
    caller.bearer = caller.raw("GET", path, headers={"Metadata": "true"}).body["access_token"]
    assert caller.ask("GET", GROUP).code == "ResourceGroupNotFound"


def test_requests_are_written_down_and_secrets_are_not(caller: Caller, state: Path) -> None:
    caller.done("PUT", GROUP, BODY)
    vault = {"location": "westeurope", "properties": {"tenantId": "99999999-8888-7777-6666-555555555555", "sku": {"family": "A", "name": "standard"}}}
    caller.done("PUT", "Microsoft.KeyVault/vaults/safe", vault)
    caller.done("PUT", "Microsoft.KeyVault/vaults/safe/secrets/one", {"properties": {"value": "very-secret"}})
    text = (state / "requests.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    first = next(line for line in lines if line["method"] == "PUT")
    assert (first["path"], first["body"], first["status"], first["write"]) == (GROUP, BODY, 201, True)
    assert "very-secret" not in text
    assert caller.bearer not in text
    assert caller.control("writes", method="GET").body == {"writes": sum(line["write"] for line in lines)}
