"""What is looked at quickly, or for many functions at once, comes out as if each were looked at for itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fnctl.manifest import check, files, handlers, load, plain, resolve, stage

TEXTS = st.sampled_from(["a", "jobs", "mail", "", "${stage}", "x-${env.USER}", "$${stage}", "${vars.v}", "GET /a", "GET /{a}/b"])
HANDLERS = st.sampled_from(
    ["good.py:handler", "good.py:no", "bad.py:handler", "gone.py:handler", "../good.py:handler", "a.ts:handler", "./good.py:handler"]
)
PAIRS = [
    ("f1", "invoke"),
    ("f2", "invoke"),
    ("jobs", "send"),
    ("jobs", "read"),
    ("mail", ["publish"]),
    ("mail", ["publish", "read"]),
    ("none", "send"),
]
USES = st.lists(st.sampled_from(PAIRS), max_size=2).map(dict)
TRIGGERS = st.lists(
    st.sampled_from(
        [
            *({"http": route} for route in ("GET /a", "GET /{a}", "GET /{b}/", "POST /{a*}", "GET /{a", "GET /x{a}/b", "GET /{a}/{a}", "ANY /a}")),
            *({"queue": name} for name in ("jobs", "mail", "none", {"name": "jobs", "id": "x"})),
            *({"schedule": text} for text in ("0 3 * * *", "never")),
        ]
    ),
    max_size=3,
)  # fmt: skip
PATCHES = st.dictionaries(st.sampled_from(["aws", "azure"]), st.fixed_dictionaries({}, optional={"memory": st.just(512), "uses": USES}), max_size=2)
OPTIONAL = {
    "triggers": TRIGGERS,
    "uses": USES,
    "description": TEXTS,
    "env": st.dictionaries(st.sampled_from(["A", "JOBS_QUEUE"]), TEXTS, max_size=2),
    "tags": st.dictionaries(st.just("team"), TEXTS, max_size=1),
    "targets": PATCHES,
    "memory": st.sampled_from([512, "1GB", "${vars.v}"]),
    "interface": st.sampled_from(["event", "asgi", "fetch"]),
}
FUNCTIONS = st.fixed_dictionaries({"handler": HANDLERS}, optional=OPTIONAL)
TARGETS = st.fixed_dictionaries({"aws": st.sampled_from([{}, {"only": ["f0"]}, {"only": ["f1", "f2"]}]), "azure": st.just({})})
MANIFESTS = st.fixed_dictionaries(
    {
        "fnctl": st.just(1),
        "service": st.just("shop"),
        "targets": TARGETS,
        "defaults": st.sampled_from([{"runtime": "python3.13"}, {"runtime": "python3.13", "targets": {"azure": {"memory": 2048}}}, {}]),
        "resources": st.just({"jobs": {"type": "queue"}, "mail": {"type": "topic", "targets": {"aws": {"kms_key": "${stage}"}}}}),
        "vars": st.sampled_from([{"v": "256MB"}] * 7 + [{}]),
        "functions": st.lists(FUNCTIONS, min_size=3, max_size=3).map(lambda made: {f"f{number}": one for number, one in enumerate(made)}),
    },
    optional={"stages": st.sampled_from([{"dev": {"functions": {"f0": {"memory": "${vars.v}"}}}}])},
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shortcuts")
    (folder / "good.py").write_text("import os\n\n\ndef handler(event):\n    return os\n")
    (folder / "bad.py").write_text('"""Says\ndef handler(event):\n"""\n')
    return folder


class _All(set[str]):
    def isdisjoint(self, _: object) -> bool:
        return False


def found(folder: Path, data: Mapping[str, Any], *, share: bool = True) -> list[Any]:
    """Read, resolve and check a manifest for two targets, which share what they can."""
    apart = json.loads(json.dumps(data))  # YAML would write an anchor for what is the same object
    (folder / "fnctl.yaml").write_text(yaml.safe_dump(apart, sort_keys=False))
    document, out = load.load(folder / "fnctl.yaml")
    assert document is not None
    looked, services = check.Looked(), []
    for target in ("aws", "azure"):
        resolution = resolve.resolve(document, target=target, stage="dev", environ={"USER": "me"})
        out += resolution.diagnostics
        if resolution.service is not None:
            out += check.check(resolution.service, looked=looked)
        services.append((resolution.service, resolution.data))
        if not share:
            document.memo.clear()
            looked = check.Looked()
    return [services, sorted(map(repr, out))]


def slowly(folder: Path, data: Mapping[str, Any]) -> list[Any]:
    """Do the same without the shortcuts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_plain", lambda *_: False)
        patch.setattr(check, "_listens", lambda *_: False)
        patch.setattr(check, "_doubtful", lambda *_: _All())
        patch.setattr(stage, "_plain", lambda _: False)
        patch.setattr(plain.Reader, "simple", lambda *_: None)
        return found(folder, data, share=False)


@settings(max_examples=150)
@given(MANIFESTS)
def test_no_manifest_is_read_otherwise(folder: Path, data: dict[str, Any]) -> None:
    assert found(folder, data) == slowly(folder, data)


LINES = st.sampled_from(
    [
        "def handler(event):",
        "def handler (event):",
        "def handler2(a):",
        " def handler(a):",
        '"""',
        "'''",
        "# é",
        "x = 1",
        "",
        "\r",
        "async def handler(a):",
    ]
)


@settings(max_examples=200)
@given(st.lists(LINES, max_size=5), st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_handler_that_is_seen_at_once_is_there(folder: Path, lines: list[str], end: str) -> None:
    path = folder / "some.py"
    path.write_bytes(end.join(lines).encode())
    handlers.defined.cache_clear()
    assert not handlers.says(str(path), "handler") or handlers.defines(str(path), "handler") == "yes"


@pytest.mark.parametrize(
    ("text", "at_once"),
    [
        ("def handler(a):\n    pass\n", True),
        ("import os\ndef handler(a): pass", True),
        ("def other(a): pass\n", False),
        (f"def handler(a): pass\n{'#' * 20_000}\n", False),  # it is there, and the long way finds it
    ],
    ids=["first", "second", "other", "long"],
)
def test_what_is_seen_at_once(folder: Path, text: str, at_once: bool) -> None:
    (folder / "some.py").write_text(text)
    assert handlers.says(str(folder / "some.py"), "handler") is at_once
