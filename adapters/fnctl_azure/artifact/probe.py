"""Runs in the app's interpreter: loads function_app.py as the Python worker does, and says on standard output which functions there are."""

from __future__ import annotations

import importlib
import json
import sys


def look(root: str) -> dict[str, object]:
    """Find the functions of the app in a folder."""
    sys.path[:0] = [root, f"{root}/.python_packages/lib/site-packages"]
    try:
        module = importlib.import_module("function_app")
        names = [function.get_function_name() for function in module.app.get_functions()]
        failed = {name: str(error) for name, error in importlib.import_module("fnctl_azure.runtime.entry").FAILED.items()}
    except Exception as error:  # noqa: BLE001  # whatever stops it would stop it there
        return {"functions": [], "failed": {}, "error": f"{type(error).__name__}: {error}"}
    return {"functions": names, "failed": failed, "error": ""}


if __name__ == "__main__":
    print("\nfnctl-index: " + json.dumps(look(sys.argv[1])), flush=True)  # noqa: T201  # this is its answer
