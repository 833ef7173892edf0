"""How things are called on Vercel, as far as the manifest decides it."""

from __future__ import annotations

from fnctl.manifest.model import Service


def project(service: Service) -> str:
    """Return the project's name: `targets.vercel.project`, or `<service>-<stage>`."""
    return str(service.settings.get("project") or f"{service.name}-{service.stage}")
