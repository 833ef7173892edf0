"""What Azure's refusals mean: which pass, which are about the login, and what the next step is."""

from __future__ import annotations

import json

import pytest

from fnctl.errors import CloudError, CredentialsError, FnctlError, Unreachable
from fnctl_azure import faults


def arm(code: str, message: str) -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


@pytest.mark.parametrize(
    ("method", "status", "code", "message", "seconds"),
    [
        ("PUT", 400, "PrincipalNotFound", "Principal x does not exist in the directory y.", 180),
        ("GET", 400, "PrincipalNotFound", "", None),
        ("PUT", 404, "ParentResourceNotFound", "", 20),
        ("GET", 404, "ParentResourceNotFound", "", None),
        ("PUT", 409, "AnotherOperationInProgress", "", 600),
        ("PUT", 409, "Conflict", "The operation is in progress.", 300),
        ("PUT", 409, "Conflict", "Website with given name orders already exists.", None),
        ("PUT", 409, "ResourceGroupBeingDeleted", "", 900),
        ("GET", 429, "TooManyRequests", "", 300),
        ("PUT", 503, "ServiceUnavailable", "", 60),
        ("PUT", 501, "NotImplemented", "", None),
        ("PUT", 400, "InvalidTemplate", "", None),
        ("PUT", 403, "AuthorizationFailed", "", None),
    ],
)
def test_what_passes_and_for_how_long(method: str, status: int, code: str, message: str, seconds: float | None) -> None:
    found = faults.patience(method, status, code, message)
    assert (found.seconds if found else None) == seconds


def test_a_platform_that_asks_for_time_gets_it_and_no_more_than_there_is() -> None:
    patience = faults.Patience(60, (1.0, 2.0))
    assert [patience.pause(attempt, 0.0) for attempt in range(3)] == [1.0, 2.0, 2.0]
    assert patience.pause(0, 0.0, asked=17.0) == 17.0
    assert patience.pause(0, 50.0, asked=17.0) is None
    assert faults.Patience(600).pause(0, 0.0, asked=3600.0) == faults.LONGEST_PAUSE


@pytest.mark.parametrize(
    ("status", "body", "error", "words", "help_"),
    [
        (
            401,
            arm("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier."),
            CredentialsError,
            "does not accept this login",
            "az login",
        ),
        (401, b"", CredentialsError, "status 401", "az login"),
        (403, arm("AuthorizationFailed", "The client 'x' does not have authorization"), CloudError, "is not allowed", "Role Based Access Control"),
        (403, arm("RequestDisallowedByPolicy", "Resource 'x' was disallowed by policy."), CloudError, "disallowed by policy", "Azure Policy"),
        (404, arm("SubscriptionNotFound", "The subscription could not be found."), CloudError, "could not be found", "az account list"),
        (409, arm("MissingSubscriptionRegistration", "not registered to use Microsoft.Web"), CloudError, "not registered", "az provider register"),
        (409, arm("StorageAccountAlreadyTaken", "The storage account named x is already taken."), CloudError, "is taken", "rename the service"),
        (409, arm("Conflict", "Website with given name x already exists."), CloudError, "is taken", "rename the service"),
        (409, arm("ScopeLocked", "The scope cannot perform delete because of a lock"), CloudError, "lock", "remove the lock"),
        (401, arm("Unauthorized", "This region has quota of 0 instances for your subscription."), CloudError, "quota of 0", "Quotas"),
        (400, arm("SubscriptionIsOverQuotaForSku", "exceeds quota"), CloudError, "quota", "Quotas"),
        (400, arm("OperationNotAllowed", "Operation results in exceeding approved quota."), CloudError, "quota", "Quotas"),
    ],
)
def test_a_refusal_says_what_to_do(status: int, body: bytes, error: type[FnctlError], words: str, help_: str) -> None:
    found, _ = faults.answered("PUT", "Microsoft.Web/sites/x", status, body)
    assert type(found) is error
    assert words in str(found)
    assert help_ in (found.diagnostics[0].help or "")


@pytest.mark.parametrize(
    ("number", "help_"), [("700082", "az login"), ("7000222", "AZURE_CLIENT_SECRET"), ("700016", "another tenant"), ("1", "az login")]
)
def test_entra_is_read_by_its_numbers(number: str, help_: str) -> None:
    names = frozenset({"ClientAuthenticationError", "HttpResponseError", "AzureError"})
    found, patience = faults.broken(names, f"AADSTS{number}: no. Trace ID: 1 Correlation ID: 2", "GET x", "https://x")
    assert isinstance(found, CredentialsError)
    assert patience is None
    assert help_ in (found.diagnostics[0].help or "")
    assert "Trace ID" not in str(found)


def test_a_lost_answer_is_not_known_and_a_silent_endpoint_is_unreachable() -> None:
    lost, again = faults.broken(frozenset({"ServiceResponseError"}), "reset", "PUT x", "http://x")
    assert isinstance(lost, CloudError)
    assert lost.unknown
    assert again is not None
    silent, _ = faults.broken(frozenset({"ServiceRequestError"}), "refused", "PUT x", "http://x")
    assert isinstance(silent, Unreachable)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (arm("A", "b"), ("A", "b")),
        (b'{"Code": "Conflict", "Message": "taken"}', ("Conflict", "taken")),
        (b'{"error": "invalid_client", "error_description": "AADSTS7000215: no"}', ("invalid_client", "AADSTS7000215: no")),
        (b'{"Message": "The site is busy"}', ("", "The site is busy")),
        (b"<html>busy</html>", ("", "")),
        (b"[1]", ("", "[1]")),
        (b'{"error": {"code": "A", "message": "b", "details": [{"message": "why"}]}}', ("A", "b why")),
    ],
)
def test_every_form_of_a_refusal_is_read(body: bytes, found: tuple[str, str]) -> None:
    assert faults.fault_of(body) == found


@pytest.mark.parametrize(
    "secret",
    [
        "Bearer eyJ0eXAiOiJKV1QiLCJh.eyJhdWQiOiJodHRwczovL.c2lnbmF0dXJl",
        "https://x/?sv=1&sig=abcdefghij%3D&x=1",
        "AccountKey=c2VjcmV0c2VjcmV0;",
        "https://x/api?code=abcdef123456",
    ],
)
def test_no_secret_is_told(secret: str) -> None:
    told = faults.scrub(f"failed at {secret}")
    assert "[hidden]" in told
    assert not any(part in told for part in ("eyJhdWQ", "abcdefghij", "c2VjcmV0", "abcdef123456"))
