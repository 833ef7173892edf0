"""The hosts of tests/azure_hosts, and their Azurite."""

from azure_hosts.conftest import azurite, python, sandbox

__all__ = ["azurite", "python", "sandbox"]
