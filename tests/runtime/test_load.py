"""Finding the handler in an artifact: neighbours, packages, and what is said when it cannot be loaded."""

from pathlib import Path

import pytest

from fnctl.manifest.model import Trigger
from runtime.lambdas import node, python


def test_neighbours_and_packages_are_found_as_at_home(tmp_path: Path) -> None:
    files = {
        "src/app.py": "import neighbour, json\nfrom src import far\nfrom . import near\nfrom lib.deep import x\n"
        "def handler(event):\n    return [neighbour.A, far.B, near.C, x, __name__, __file__.endswith('src/app.py')]\n",
        "src/neighbour.py": "import app\nA = app.__name__\n",
        "src/far.py": "B = 2\n",
        "src/near.py": "C = 3\n",
        "lib/deep.py": "x = 4\n",
        "src/queue.py": "raise RuntimeError('a neighbour hid the standard library')\n",
    }
    assert python(tmp_path, "event", files).call({"a": 1}).answers == [["src.app", 2, 3, 4, "src.app", True]]


def test_a_handler_may_stand_at_the_root_and_hang_on_an_object(tmp_path: Path) -> None:
    files = {"app-2.py": "class App:\n    def run(self, event):\n        return event.data\napp = App()\n"}
    assert python(tmp_path, "event", files, "app-2.py:app.run").call([1]).answers == [[1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def handler(event)\n    pass\n", "cannot import src/app.py: SyntaxError: expected ':' (app.py, line 1)"),
        ("import os\nimport nowhere\n", "cannot import src/app.py: ModuleNotFoundError: No module named 'nowhere' (src/app.py, line 2)"),
        ("def f():\n    return {}['k']\n\nf()\n", "cannot import src/app.py: KeyError: 'k' (src/app.py, line 2)"),
        ("def handle(event):\n    pass\n", "src/app.py has no 'handler': the manifest's `handler` is src/app.py:handler"),
    ],
)
def test_what_cannot_be_loaded_is_named(tmp_path: Path, text: str, message: str) -> None:
    assert python(tmp_path, "event", {"src/app.py": text}).call({}).init == f"LoadError: {message}"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert python(tmp_path, "event", {}).call({}).init == "LoadError: src/app.py is not in the artifact"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("null.x", "cannot import src/app.ts: TypeError: Cannot read properties of null (reading 'x')"),
        ("import 'nowhere';", "cannot import src/app.ts: Error: Cannot find package 'nowhere'"),
        ("export const other = 1;", "src/app.ts exports no function handler: the manifest's `handler` is src/app.ts:handler"),
    ],
)
def test_a_bundle_that_cannot_be_loaded_is_named(tmp_path: Path, text: str, message: str) -> None:
    init = node(tmp_path, "fetch", text).call({}).init
    assert init is not None
    assert init.startswith(f"Error: {message}")


def test_native_is_called_without_anything_between(tmp_path: Path) -> None:
    files = {"src/jobs.py": "import sys\n\ndef work(event, context):\n    return [event, context.aws_request_id, 'fnctl_runtime' in sys.modules]\n"}
    made = python(tmp_path, "native", files, "src/jobs.py:work")
    assert (made.shim.files, made.shim.handler) == ((), "src/jobs.work")
    assert made.call({"a": 1}).answers == [[{"a": 1}, "request-1", False]]
    bundle = "export const work = async (event, context) => [event, context.awsRequestId];"
    made = node(tmp_path / "n", "native", bundle, "work")
    assert (made.shim.files, made.shim.handler) == ((), "handler.work")
    assert made.call({"a": 1}).answers == [[{"a": 1}, "request-1"]]


HEAVY = [
    "asyncio",
    "base64",
    "dataclasses",
    "datetime",
    "email",
    "fnctl_aws.runtime.feeds",
    "http.client",
    "inspect",
    "pathlib",
    "ssl",
    "typing",
    "urllib",
]
LOADED = f"import sys\nLOADED = [name for name in {HEAVY!r} if name in sys.modules]\ndef handler(event):\n    raise RuntimeError(LOADED)\n"
BARE = f"import logging, sys\nfor name in {HEAVY!r}:\n    sys.modules.pop(name, None)\nfrom _fnctl_aws import handler\n"


@pytest.mark.parametrize("interface", ["event", "function"])
def test_a_cold_start_loads_nothing_it_does_not_need(tmp_path: Path, interface: str) -> None:
    made = python(tmp_path, interface, {"src/app.py": LOADED}, triggers=(Trigger("queue", "jobs", "jobs", {}, ()),))
    (made.folder / "bare_first.py").write_text(BARE)
    outcome = type(made)(made.folder, type(made.shim)((), "bare_first.handler", "")).call({})
    assert "[]" in (outcome.calls[0].get("message"), *(line["error"] for line in outcome.logs))
