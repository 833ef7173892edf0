"""How a secret reaches an app: a setting that says where it is and which version, never the value."""

from __future__ import annotations

from fnctl.graph import CLOUD, Ref, Text, Value
from fnctl_azure.apps import App
from fnctl_azure.names import VAULT


def vault_name(name: str) -> str:
    """`STRIPE_KEY` is `STRIPE-KEY` in a vault, whose names have no underscores."""
    return name.replace("_", "-")


def secret_settings(app: App) -> dict[str, Value]:
    """Return `NAME` = a reference with its version: a new version is a change of the app that reads it."""
    names = sorted({name for function in app.functions for name in function.secrets})
    return {name: _reference(name) for name in names}


def _reference(name: str) -> Text:
    return Text(("@Microsoft.KeyVault(SecretUri=", Ref(VAULT, "vaultUri"), f"secrets/{vault_name(name)}/", Ref(CLOUD, f"secret/{name}"), ")"))
