"""Secrets at cold start: the platform has put them in the environment by reference to its vault, or has failed to and says nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REFERENCE = "@Microsoft.KeyVault("


class SecretError(Exception):
    """A secret that cannot be read; the message names it and never holds a value."""


def check(names: Iterable[str], environ: Mapping[str, str]) -> None:
    """See that every secret has arrived. A reference that the platform could not follow is left in the setting as it stands."""
    for name in names:
        value = environ.get(name)
        if value is None:
            message = f"secret {name} is not in the app's settings"
            raise SecretError(message)
        if value.startswith(REFERENCE):
            message = (
                f"secret {name} could not be read: the platform has left its Key Vault reference as it is; see the app's identity and its rights"
            )
            raise SecretError(message)
