"""Azurite, Microsoft's own emulator of blobs, queues and tables, as a process of a sandbox."""

from fnctl_azure.standin.azurite.process import Azurite

__all__ = ["Azurite"]
