"""Who asks: tokens as Entra gives them, and what a resource says of one that it does not take."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from fnctl_azure.standin.wire import Answer, Request, refused
from fnctl_azure.standin.world import TENANT, USER, World

MANAGEMENT = ("https://management.azure.com", "https://management.core.windows.net")
CLIENT = "cccccccc-1111-2222-3333-444444444444"
SECRET = "test"  # noqa: S105  # opens nothing but this process


def answer(world: World, request: Request) -> Answer:
    """Answer the token endpoint, the metadata service and the documents that clients read before them. Raises Refused."""
    path = request.path.lower()
    if path == "/metadata/endpoints":
        return Answer(200, _cloud(request.base))
    if path.endswith("/.well-known/openid-configuration"):
        return Answer(200, _openid(request))
    if path.startswith("/common/discovery/instance"):
        return Answer(
            200, {"tenant_discovery_endpoint": f"{request.base}/{TENANT}/v2.0/.well-known/openid-configuration", "api-version": "1.1", "metadata": []}
        )
    if path.endswith(("/oauth2/v2.0/token", "/oauth2/token")) and request.method == "POST":
        return _client(world, request)
    if path in ("/metadata/identity/oauth2/token", "/msi/token"):
        return _metadata(world, request)
    raise refused(404, "NotFound", f"'{request.path}' leads nowhere.")


def _client(world: World, request: Request) -> Answer:
    form = {key: values[0] for key, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
    if form.get("grant_type") != "client_credentials":
        return _denied("unsupported_grant_type", "AADSTS70003", f"The app requested an unsupported grant type '{form.get('grant_type')}'.")
    if form.get("client_id") != CLIENT:
        return _denied(
            "unauthorized_client", "AADSTS700016", f"Application with identifier '{form.get('client_id')}' was not found in the directory 'sandbox'."
        )
    if form.get("client_secret") != SECRET:
        return _denied("invalid_client", "AADSTS7000215", "Invalid client secret provided.", 401)
    if world.tokens.refusing:
        return Answer(int(world.tokens.refusing.get("status", 400)), world.tokens.refusing.get("body"))
    audience = (form.get("scope") or form.get("resource") or "").split(" ")[0].removesuffix("/.default").rstrip("/")
    return Answer(
        200,
        {
            "token_type": "Bearer",
            "expires_in": int(world.tokens.lifetime),
            "ext_expires_in": int(world.tokens.lifetime),
            "access_token": token(world, audience),
        },
    )


def _metadata(world: World, request: Request) -> Answer:
    if request.headers.get("metadata") != "true" and not request.headers.get("x-identity-header"):
        raise refused(400, "invalid_request", "Required metadata header not specified")
    audience = request.query.get("resource", "").rstrip("/")
    if not audience:
        raise refused(400, "invalid_resource", "The query has no resource.")
    ends = int(world.now() + world.tokens.lifetime)
    return Answer(
        200,
        {
            "access_token": token(world, audience),
            "client_id": CLIENT,
            "expires_in": str(int(world.tokens.lifetime)),
            "expires_on": str(ends),
            "resource": audience,
            "token_type": "Bearer",
        },
    )


def token(world: World, audience: str, principal: str = USER) -> str:
    """Write a token: the form of one, without a signature that anybody would check."""
    now = world.now()
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{TENANT}/",
        "iat": now,
        "nbf": now,
        "exp": now + world.tokens.lifetime,
        "oid": principal,
    }
    return (
        ".".join(
            _coded(part)
            for part in ({"alg": "none", "typ": "JWT"}, claims | {"tid": TENANT, "appid": CLIENT, "idtyp": "app", "uti": uuid.uuid4().hex})
        )
        + ".c2FuZGJveA"
    )


def admit(world: World, request: Request, audiences: tuple[str, ...]) -> dict[str, Any]:
    """Return the claims of who asks. Raises Refused."""
    given = request.headers.get("authorization", "")
    challenge = {"WWW-Authenticate": f'Bearer authorization_uri="https://login.windows.net/{TENANT}", error="invalid_token"'}
    if not given:
        raise refused(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.", challenge)
    claims = read(given.removeprefix("Bearer "))
    if claims is None:
        raise refused(401, "InvalidAuthenticationToken", "The access token is invalid.", challenge)
    now = world.now()
    if claims["exp"] <= now or claims["iat"] < world.tokens.since:
        ended, here = (time.strftime("%m/%d/%Y %I:%M:%S %p", time.gmtime(of)) for of in (min(claims["exp"], now), now))
        message = f"The access token expiry UTC time '{ended}' is earlier than current UTC time '{here}'."
        raise refused(401, "ExpiredAuthenticationToken", message, challenge)
    if claims.get("aud") not in (*audiences, request.base):
        raise refused(
            401,
            "InvalidAuthenticationTokenAudience",
            f"The access token has been obtained for wrong audience or resource '{claims.get('aud')}'.",
            challenge,
        )
    return claims


def read(written: str) -> dict[str, Any] | None:
    """The claims of a token; None for what is none."""
    parts = written.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError):
        return None
    return claims if isinstance(claims, dict) and {"exp", "iat", "oid"} <= claims.keys() else None


def _denied(error: str, code: str, message: str, status: int = 400) -> Answer:
    body = {
        "error": error,
        "error_description": f"{code}: {message}",
        "error_codes": [int(code.removeprefix("AADSTS"))],
        "correlation_id": str(uuid.uuid4()),
    }
    return Answer(status, body)


def _openid(request: Request) -> dict[str, Any]:
    authority = f"{request.base}/{TENANT}"
    return {
        "issuer": f"{authority}/v2.0",
        "token_endpoint": f"{authority}/oauth2/v2.0/token",
        "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{authority}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{authority}/discovery/v2.0/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def _cloud(base: str) -> dict[str, Any]:
    """What a cloud says of itself: where else to ask."""
    return {
        "name": "sandbox",
        "portal": base,
        "authentication": {"loginEndpoint": base, "audiences": [f"{MANAGEMENT[1]}/", MANAGEMENT[0]], "tenant": "common", "identityProvider": "AAD"},
        "resourceManager": f"{base}/",
        "graphAudience": "https://graph.windows.net/",
        "microsoftGraphResourceId": "https://graph.microsoft.com/",
        "suffixes": {"storage": "core.windows.net", "keyVaultDns": "vault.azure.net"},
    }


def _coded(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
