"""The SDKs' pipelines: one for ARM, which is azure-mgmt-web's own, and one for each other audience. Every answer comes back as it is."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fnctl import __version__
from fnctl_azure.place import Place

CONNECT_TIMEOUT, READ_TIMEOUT = 5.0, 100.0
MANAGEMENT = "https://management.azure.com/.default"
STORAGE = "https://storage.azure.com/.default"
VAULT = "https://vault.azure.net/.default"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def retry_after(self) -> float:
        """Seconds that the platform asks to wait; 0 where it asks for none."""
        try:
            return max(0.0, float(self.headers.get("retry-after", "0")))
        except ValueError:
            return 0.0


class Wire:
    """Shared by all threads of a run."""

    def __init__(self, place: Place, credential: Any) -> None:  # azure-core's protocol
        """Open nothing yet."""
        self._place, self.credential = place, credential
        self._pipes: dict[str, Any] = {}
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        url: str,
        *,
        scope: str | None,
        body: Any = None,
        file: Path | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = READ_TIMEOUT,
    ) -> Answer:
        """Send once. `body` is JSON, or bytes as they are; `file` is read from its start; without a scope nobody's token goes along.

        Raises:
            AzureError: nobody answered, or there is no login.
        """
        from azure.core.rest import HttpRequest

        wanted = dict(headers or {})
        if isinstance(body, bytes):
            request = HttpRequest(method, url, headers=wanted, content=body)
        elif file is not None:
            with file.open("rb") as content:
                return self._sent(HttpRequest(method, url, headers=wanted, content=content), scope, timeout)
        else:
            request = HttpRequest(method, url, headers=wanted, json=body)
        return self._sent(request, scope, timeout)

    def _sent(self, request: Any, scope: str | None, timeout: float) -> Answer:
        answer = self._pipe(scope).send_request(request, connection_timeout=CONNECT_TIMEOUT, read_timeout=timeout)
        return Answer(answer.status_code, answer.read(), {str(name).lower(): str(value) for name, value in answer.headers.items()})

    def token(self, scope: str = MANAGEMENT) -> str:
        """Return a token, to read who it is of."""
        return str(self.credential.get_token(scope).token)

    def close(self) -> None:
        """Give back connections."""
        with self._lock:
            while self._pipes:
                self._pipes.popitem()[1].close()

    def _pipe(self, scope: str | None) -> Any:
        with self._lock:
            if (scope or "") not in self._pipes:
                self._pipes[scope or ""] = self._arm() if scope == MANAGEMENT else self._plain(scope)
            return self._pipes[scope or ""]

    def _arm(self) -> Any:
        """Open azure-mgmt-web's client. Its pipeline registers a provider that the subscription has not used before, and speaks to any of them."""
        from azure.mgmt.web import WebSiteManagementClient

        # Other clouds' tokens are for their own resource manager.
        scopes = [f"{self._place.endpoint}/.default" if self._place.elsewhere and not self._place.local else MANAGEMENT]
        mine = {"authentication_policy": self._bearer(scopes[0])} if self._place.local else {}
        return WebSiteManagementClient(
            self.credential,
            self._place.subscription or "",
            base_url=self._place.endpoint,
            credential_scopes=scopes,
            **self._settings(),
            **mine,
        )

    def _plain(self, scope: str | None) -> Any:
        from azure.core import PipelineClient
        from azure.core.pipeline import policies

        settings = self._settings()
        own = [] if scope is None else [self._bearer(scope)]
        return PipelineClient(
            self._place.endpoint,
            policies=[policies.UserAgentPolicy(base_user_agent=settings["user_agent"]), settings["retry_policy"], *own],
            **{key: value for key, value in settings.items() if key == "transport"},
        )

    def _bearer(self, scope: str) -> Any:
        """Return what adds a token. azure-core's own refuses plain http, which is all that a stand-in on loopback speaks."""
        from azure.core.pipeline import policies

        if not self._place.local:
            return policies.BearerTokenCredentialPolicy(self.credential, scope)
        credential = self.credential

        class Bearer(policies.SansIOHTTPPolicy[Any, Any]):
            def on_request(self, request: Any) -> None:
                request.http_request.headers["Authorization"] = f"Bearer {credential.get_token(scope).token}"

        return Bearer()

    def _settings(self) -> dict[str, Any]:
        """Return what all pipelines have: no tries of their own (the client's know what passes), and no proxy on the way to this machine."""
        from azure.core.pipeline import policies
        from azure.core.pipeline.transport import RequestsTransport

        transport = RequestsTransport(use_env_settings=not self._place.local)
        return {"user_agent": f"fnctl/{__version__}", "retry_policy": policies.RetryPolicy.no_retries(), "transport": transport}
