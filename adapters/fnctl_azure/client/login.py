"""Who asks: a login that azure-identity finds, or the sandbox's own, which is never anybody's."""

from __future__ import annotations

import json
import logging
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from fnctl.errors import CredentialsError
from fnctl_azure import faults
from fnctl_azure.place import Place

EARLY = 300.0
"""Seconds before its end that a token is taken for spent."""


def credential(place: Place, environ: Mapping[str, str]) -> Any:  # azure-core's protocol: get_token(*scopes)
    """Return what gives tokens. Nothing is asked yet.

    A service principal or a federated token in the environment comes first, then a managed identity where there is one, then the login of `az`, `azd`
    and PowerShell.
    """
    logging.getLogger("azure.identity").addHandler(logging.NullHandler())  # or each login that it tries in vain is a warning on the screen
    if place.local:
        return Local(place, environ)
    from azure.identity import (
        AzureCliCredential,
        AzureDeveloperCliCredential,
        AzurePowerShellCredential,
        ChainedTokenCredential,
        ManagedIdentityCredential,
    )

    tenant = place.tenant or ""
    chain: list[Any] = list(_principal(place, environ))
    if any(environ.get(name) for name in ("IDENTITY_ENDPOINT", "MSI_ENDPOINT")):
        chain.append(ManagedIdentityCredential(client_id=environ.get("AZURE_CLIENT_ID") or None))
    chain += [AzureCliCredential(tenant_id=tenant), AzureDeveloperCliCredential(tenant_id=tenant), AzurePowerShellCredential(tenant_id=tenant)]
    return ChainedTokenCredential(*chain)


def _principal(place: Place, environ: Mapping[str, str]) -> list[Any]:
    """Return the credential that the environment spells out, if it does."""
    from azure.identity import ClientSecretCredential, WorkloadIdentityCredential

    client, secret, file = environ.get("AZURE_CLIENT_ID"), environ.get("AZURE_CLIENT_SECRET"), environ.get("AZURE_FEDERATED_TOKEN_FILE")
    authority = {"authority": environ["AZURE_AUTHORITY_HOST"]} if environ.get("AZURE_AUTHORITY_HOST") else {}
    if not (client and place.tenant):
        return []
    if secret:
        return [ClientSecretCredential(place.tenant, client, secret, **authority)]
    if file:
        return [WorkloadIdentityCredential(tenant_id=place.tenant, client_id=client, token_file_path=file, **authority)]
    return []


class Local:
    """Tokens of a stand-in on this machine, by the client that its environment names. azure-identity refuses an authority without TLS."""

    def __init__(self, place: Place, environ: Mapping[str, str]) -> None:
        """Keep where to ask."""
        self._endpoint, self._tenant = place.endpoint, place.tenant or "common"
        self._form = {"client_id": environ.get("AZURE_CLIENT_ID", ""), "client_secret": environ.get("AZURE_CLIENT_SECRET", "")}
        self._kept: dict[str, tuple[str, float]] = {}

    def get_token(self, *scopes: str, **_: Any) -> Any:
        """Return a token for the scopes, an old one while it lasts."""
        from azure.core.credentials import AccessToken
        from azure.core.exceptions import ClientAuthenticationError

        scope = " ".join(scopes)
        token, ends = self._kept.get(scope, ("", 0.0))
        if ends - EARLY < time.time():
            body = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": scope, **self._form}).encode()
            request = urllib.request.Request(f"{self._endpoint}/{self._tenant}/oauth2/v2.0/token", data=body)  # noqa: S310  # loopback, see place
            try:
                with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
                    told = json.load(answer)
            except urllib.error.HTTPError as error:
                raise ClientAuthenticationError(faults.fault_of(error.read())[1] or str(error)) from None
            token, ends = str(told["access_token"]), time.time() + float(told["expires_in"])
            self._kept[scope] = token, ends
        return AccessToken(token, int(ends))


def claims(token: str) -> Mapping[str, Any]:
    """Read what a token says of who asks, such as `oid`. Its signature is the platform's to check."""
    import base64

    try:
        payload = token.split(".")[1]
        found: Any = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        found = {}
    if not isinstance(found, dict) or "oid" not in found:
        msg = "the login's token does not say who it is of"
        raise CredentialsError(msg, help=faults.LOGIN)
    return found
