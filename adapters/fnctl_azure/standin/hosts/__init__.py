"""The Functions host of a sandbox: published packages that run on this machine, and what starts their functions."""

from fnctl_azure.standin.hosts.model import Account, Found, IndexFailed, Keys, Row, Subscription
from fnctl_azure.standin.hosts.registry import Hosts

__all__ = ["Account", "Found", "Hosts", "IndexFailed", "Keys", "Row", "Subscription"]
