"""What Azure's refusals mean, as data: which pass with time, which say that nothing is there, which are about who asks, and what to do next."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fnctl.errors import CloudError, CredentialsError, FnctlError, Unreachable

LOGIN = "log in (`az login`), or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
DENIED = "let the identity that deploys have the roles Contributor and Role Based Access Control Administrator; docs/platforms/azure.md says for what"
REACH = "check the network and FNCTL_AZURE_ENDPOINT; a sandbox is started with `fnctl sandbox start`"
AGAIN = "run the same command again: it looks first at what is there"

DENSE = (0.25, 0.5, 1.0, 2.0, 5.0)
"""Seconds between two looks while something is under way; the last one repeats."""
DOUBLING = (1.0, 2.0, 4.0, 8.0, 15.0)
QUICK = (0.25, 0.5, 1.0)
LONGEST_PAUSE = 60.0
"""Seconds: a longer Retry-After is taken as this much."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a refusal is worth waiting for, and in which steps."""

    seconds: float
    steps: tuple[float, ...] = DOUBLING

    def pause(self, attempt: int, elapsed: float, asked: float = 0.0) -> float | None:
        """Return the seconds before try number `attempt` + 2, at least those that the platform asked for; None when the time is up."""
        step = max(self.steps[min(attempt, len(self.steps) - 1)], min(asked, LONGEST_PAUSE))
        return step if elapsed + step <= self.seconds else None


@dataclass(frozen=True, slots=True)
class Passing:
    """A refusal that passes: matched by method (empty: any), code and a part of the message."""

    methods: str
    code: str
    part: str
    patience: Patience


# Sources: azure-cli 2.91 (appservice/custom.py, role/custom.py), "Troubleshoot common Azure deployment errors", "Troubleshoot Azure RBAC", 2026.
# Whatever is not here fails at once, except throttles and a server's own faults.
PASSING: tuple[Passing, ...] = (
    # A new identity reaches the directory's other regions seconds after its resource says that it is there.
    Passing("PUT", "PrincipalNotFound", "", Patience(180, DENSE)),
    Passing("PUT", "FailedIdentityOperation", "", Patience(60, DOUBLING)),
    # What was just made is not yet known to every front end.
    Passing("PUT", "ParentResourceNotFound", "", Patience(20, QUICK)),
    Passing("PUT", "ResourceGroupNotFound", "", Patience(20, QUICK)),
    Passing("PUT", "ResourceGroupBeingDeleted", "", Patience(900, DOUBLING)),
    Passing("", "AnotherOperationInProgress", "", Patience(600, DOUBLING)),
    Passing("", "OperationInProgress", "", Patience(600, DOUBLING)),
    Passing("", "StorageAccountOperationInProgress", "", Patience(300, DOUBLING)),
    Passing("", "RetryableError", "", Patience(300, DOUBLING)),
    Passing("", "Conflict", "in progress", Patience(300, DOUBLING)),
    Passing("", "Conflict", "being updated", Patience(300, DOUBLING)),
    Passing("", "Conflict", "Cannot modify this site because another operation", Patience(600, DOUBLING)),
    Passing("", "ConflictError", "being modified", Patience(120, DOUBLING)),
    Passing("DELETE", "CannotDeleteResource", "nested resources", Patience(60, DOUBLING)),
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NOWHERE = _words("SubscriptionNotFound InvalidSubscriptionId InvalidResourceType NoRegisteredProviderFound MissingApiVersionParameter")
"""Codes that come with a 404 or 400 and do not mean that an object is missing."""
CREDENTIALS = _words(
    "ExpiredAuthenticationToken InvalidAuthenticationToken AuthenticationFailed InvalidAuthenticationTokenTenant InvalidAuthenticationTokenAudience "
    "AuthenticationFailedInvalidHeader AuthenticationFailedMissingToken InvalidAuthenticationInfo"
)
DENIALS = _words("AuthorizationFailed LinkedAuthorizationFailed AuthorizationPermissionMismatch ForbiddenByRbac Forbidden")
TAKEN = _words(
    "StorageAccountAlreadyTaken AccountNameNotAvailable VaultAlreadyExists NameUnavailable NamespaceUnavailable NameNotAvailable "
    "DatabaseAccountAlreadyExists"
)

HELP: Mapping[str, str] = {
    "SubscriptionNotFound": "set `targets.azure.subscription` to one that this login sees (`az account list`), or log in to its tenant",
    "InvalidSubscriptionId": "a subscription's id is a GUID: `az account list` shows it",
    "MissingSubscriptionRegistration": "register the provider that the message names: az provider register --namespace NAME --wait",
    "RequestDisallowedByPolicy": "an Azure Policy forbids it; the message names it, and whoever owns the subscription can say what it wants",
    "ScopeLocked": "a lock on the group or the object forbids it: remove the lock, then run the same command again",
    "ReadOnlyDisabledSubscription": "the subscription is disabled: enable it, or choose another with `targets.azure.subscription`",
    "QuotaExceeded": "ask for more in the portal under Quotas, or set another `targets.azure.region`",
    "SubscriptionIsOverQuotaForSku": "ask for more in the portal under Quotas, or set another `targets.azure.region`",
    "SkuNotAvailable": "this plan is not sold in the region: set another `targets.azure.region` or `plan`",
    "LocationNotAvailableForResourceType": "set another `targets.azure.region`; `az functionapp list-flexconsumption-locations` lists them",
    "InvalidResourceLocation": "it exists in another region: remove it there, or set that `targets.azure.region`",
    "RequestEntityTooLarge": "the package is too big for the platform: `fnctl size` shows what it is made of",
}

AADSTS = re.compile(r"AADSTS(\d+)")
LOGINS: Mapping[str, str] = {
    "50076": "it wants a second factor: run `az login` again",
    "50079": "it wants a second factor to be set up: run `az login` again",
    "50173": "the login was revoked: run `az login` again",
    "700082": "the login is too old: run `az login` again",
    "70043": "the login is too old: run `az login` again",
    "7000215": "AZURE_CLIENT_SECRET is not the secret's value (its id, perhaps)",
    "7000222": "the client's secret has run out: make a new one and set AZURE_CLIENT_SECRET",
    "700016": "AZURE_CLIENT_ID is of another tenant: set AZURE_TENANT_ID or `targets.azure.tenant`",
    "90002": "there is no such tenant: correct AZURE_TENANT_ID or `targets.azure.tenant`",
    "50020": "this user is not of that tenant: `az login --tenant TENANT`",
    "53003": "Conditional Access forbids it: log in from where it is allowed, or use a service principal",
    "70021": "no federated credential fits the token: compare its subject and issuer with those of the pipeline",
    "700213": "no federated credential fits the token: compare its subject and issuer with those of the pipeline",
}


def fault_of(body: bytes) -> tuple[str, str]:
    """Return code and message of a refusal: ARM's, a data plane's, Kudu's, or none."""
    try:
        told = json.loads(body)
    except ValueError:
        text = body.decode(errors="replace").strip()
        return "", "" if text.startswith("<") else text[:500]
    if not isinstance(told, dict):
        return "", str(told)[:500]
    fault: Any = told.get("error") if isinstance(told.get("error"), dict) else told
    code = fault.get("code") or fault.get("Code") or fault.get("ErrorCode") or (told.get("error") if isinstance(told.get("error"), str) else "")
    message = str(fault.get("message") or fault.get("Message") or told.get("error_description") or "")
    inner = [str(one.get("message") or "") for one in fault.get("details") or () if isinstance(one, dict)]
    return str(code or ""), " ".join([message, *(text for text in inner if text and text not in message)])


def patience(method: str, status: int, code: str, message: str) -> Patience | None:
    """Return how long to go on trying after a refusal, None when trying again cannot help."""
    for row in PASSING:
        if row.code == code and row.part in message and (not row.methods or method in row.methods.split()):
            return row.patience
    if status == TOO_MANY:
        return Patience(300, DOUBLING)
    return Patience(60, DOUBLING) if status >= SERVER_FAULT and status != NOT_IMPLEMENTED else None


TOO_MANY, SERVER_FAULT, NOT_IMPLEMENTED = 429, 500, 501
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT = 401, 403, 404, 409


def answered(method: str, what: str, status: int, body: bytes) -> tuple[FnctlError, Patience | None]:
    """Judge a refusal: the error to raise, and how long to go on trying before that. `what` names the object, without the subscription."""
    code, message = fault_of(body)
    return refused(method, what, status, code, scrub(message)), patience(method, status, code, message)


def refused(method: str, what: str, status: int, code: str, message: str) -> FnctlError:
    """Put a refusal into fnctl's errors. `message` is Azure's own, already scrubbed."""
    words = sentence(message) or code or f"status {status}"
    call = f"{method} {what}"
    # Web says "Unauthorized" of a plan that there is no quota for.
    if (status == UNAUTHORIZED and "quota" not in message.casefold()) or code in CREDENTIALS:
        return CredentialsError(f"Azure does not accept this login: {words}", notes=(f"{call} answered {code or status}",), help=login_help(message))
    if code in DENIALS or (status == FORBIDDEN and code not in HELP):
        return CloudError(f"{call} is not allowed: {words}", reason=code or "Forbidden", help=DENIED)
    if code in TAKEN or ("already exists" in message and status == CONFLICT and code in ("Conflict", "ConflictError")):
        return CloudError(
            f"the name of {what} is taken, by somebody else on Azure: {words}",
            code="AZ616",
            reason=code,
            help="rename the service or the stage: such names are the only ones of their kind on all of Azure",
            notes=(f"Azure's error code is {code}",),
        )
    lost = status >= SERVER_FAULT
    notes = (f"Azure's error code is {code}",) if code else ()
    return CloudError(f"{call} failed: {words}", reason=code or str(status), unknown=lost, notes=notes, help=_help(code, message))


def _help(code: str, message: str) -> str | None:
    if code in HELP:
        return HELP[code]
    return HELP["QuotaExceeded"] if "quota" in message.casefold() else None


def broken(names: frozenset[str], words: str, what: str, endpoint: str) -> tuple[FnctlError, Patience | None]:
    """Judge a failure that nobody answered for. `names` are the class names of azure-core's exception."""
    words = sentence(scrub(words))
    if "ClientAuthenticationError" in names:
        return CredentialsError(f"there is no usable Azure login: {words}", help=login_help(words)), None
    if "ServiceResponseError" in names or "IncompleteReadError" in names:
        lost = CloudError(f"the answer of {endpoint} to {what} was lost: {words}", reason="Lost", unknown=True, help=AGAIN)
        return lost, Patience(10, QUICK)
    return Unreachable(f"nothing answers at {endpoint}: {words}", reason="Unreachable", help=REACH), Patience(3, QUICK)


def login_help(message: str) -> str:
    """Return what to do about a login, by Entra's own number where there is one."""
    found = AADSTS.search(message)
    return LOGINS.get(found[1], LOGIN) if found else LOGIN


_SECRETS = (
    re.compile(r"(?i)(?<=bearer )[A-Za-z0-9._~+/-]{16,}=*"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    re.compile(r"(?i)(?<=accountkey=)[^;\s]+"),
    re.compile(r"(?i)(?<=[?&]sig=)[^&\s]+"),
    re.compile(r"(?i)(?<=[?&]code=)[^&\s]+"),
    re.compile(r"(?i)(?<=client_secret=)[^&\s]+"),
)


def scrub(message: str) -> str:
    """Take tokens, keys and signatures out of a message."""
    for pattern in _SECRETS:
        message = pattern.sub("[hidden]", message)
    return message


def sentence(message: str) -> str:
    """Return a message on one line, without its full stop, Entra's tail of ids, and where azure-identity sends everybody."""
    told = message.partition("Trace ID:")[0].partition("To mitigate this issue")[0]
    return " ".join(told.split()).rstrip(". ")
