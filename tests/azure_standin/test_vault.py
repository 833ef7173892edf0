"""Secrets through the vault itself: versions, and the time between deleted and gone."""

from __future__ import annotations

from azure_standin import bodies
from azure_standin.caller import GROUP, Caller, Reply


def _ask(caller: Caller, method: str, path: str, body: str = "") -> Reply:
    token = caller.token("https://vault.azure.net").body["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return caller.raw(method, f"/_vault/safe/{path}?api-version=7.4", body.encode(), headers)


def test_a_secret_has_versions_and_goes_in_two_steps(caller: Caller) -> None:
    caller.done("PUT", GROUP, {"location": "westeurope"})
    caller.done("PUT", "Microsoft.KeyVault/vaults/safe", bodies.VAULT)
    assert caller.raw("GET", "/_vault/safe/secrets?api-version=7.4").status == 401

    first = _ask(caller, "PUT", "secrets/one", '{"value": "1"}').body
    second = _ask(caller, "PUT", "secrets/one", '{"value": "2"}').body
    assert _ask(caller, "GET", "secrets/one").body["value"] == "2"
    assert _ask(caller, "GET", f"secrets/one/{first['id'].rpartition('/')[2]}").body["value"] == "1"
    assert len(_ask(caller, "GET", "secrets/one/versions").body["value"]) == 2
    shown = caller.done("GET", "Microsoft.KeyVault/vaults/safe/secrets/one").body["properties"]
    assert shown["secretUriWithVersion"] == second["id"]

    assert _ask(caller, "DELETE", "secrets/one").status == 200
    assert _ask(caller, "GET", "secrets/one").code == "SecretNotFound"
    again = caller.ask("PUT", "Microsoft.KeyVault/vaults/safe/secrets/one", {"properties": {"value": "3"}})
    assert (again.status, again.code) == (409, "ConflictError")
    assert _ask(caller, "PUT", "secrets/one", '{"value": "3"}').code == "Conflict"
    assert _ask(caller, "POST", "deletedsecrets/one/recover").status == 200
    assert _ask(caller, "GET", "secrets/one").body["value"] == "2"

    _ask(caller, "DELETE", "secrets/one")
    assert _ask(caller, "DELETE", "deletedsecrets/one").status == 204
    assert _ask(caller, "GET", "deletedsecrets/one").status == 404
    assert _ask(caller, "PUT", "secrets/one", '{"value": "3"}').status == 200
