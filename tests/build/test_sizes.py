"""`fnctl size` and budgets, on artifacts that were really built: a Python function with a wheel, and a bundle of npm packages."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.conftest import problems
from fakes import parts
from fakes.cli import Done, Fnctl
from fnctl.views.treemap import Box, squarified

MANIFEST = """fnctl: 1
service: shop
targets: { aws: { region: eu-west-1 } }
defaults: { memory: 256MB, timeout: 10s }
functions:
  api:
    handler: src/api.py:handler
    runtime: python3.13
    triggers: [{ http: GET / }]
  thumbs:
    handler: web/thumbs.ts:handler
    runtime: nodejs22
    interface: fetch
    triggers: [{ http: GET /thumbs }]
"""
PAGE = "#" + "x" * 5999
Size = Callable[..., Done]


@pytest.fixture
def size(fnctl: Fnctl, installed: None, tmp_path: Path) -> Size:
    library = {"page/__init__.py": PAGE.encode(), "page/small.py": b"1\n"}
    parts.wheel(tmp_path / "links", "page", "2.1", members=library)
    npm = {"package.json": '{"name": "@a/left", "version": "1.4.0"}', "index.js": f'export const left = "{PAGE}";\n'}
    parts.write(tmp_path, {f"node_modules/@a/left/{path}": text for path, text in npm.items()})
    thumbs = 'import { left } from "@a/left";\nexport const handler = () => new Response(left);\n'
    own = {"src/api.py": "import page\n\n\ndef handler(request):\n    return str(page)\n", "requirements.txt": "page==2.1\n", "web/thumbs.ts": thumbs}
    parts.write(tmp_path, {**own, "fnctl.yaml": MANIFEST})

    def run(*words: str, manifest: str = MANIFEST) -> Done:
        parts.write(tmp_path, {"fnctl.yaml": manifest})
        return fnctl(*words, cwd=tmp_path, code=None, env={"XDG_CACHE_HOME": str(tmp_path / "xdg"), **parts.offline(tmp_path / "links")})

    return run


def test_a_python_artifact_by_package_and_file(size: Size) -> None:
    done = size("size", "api", "--output", "json")
    assert problems("size", done.document()) == []
    (made,) = done.document()["artifacts"]
    assert (made["target"], made["name"], made["functions"]) == ("aws", "api", ["api"])
    by = {package["origin"]: package for package in made["packages"]}
    assert (by["pypi"]["name"], by["pypi"]["version"]) == ("page", "2.1")
    assert [file["path"] for file in by["pypi"]["files"]][:1] == ["page/__init__.py"]
    assert by["pypi"]["files"][0]["unpacked_size"] == len(PAGE) > by["pypi"]["files"][0]["size"] > 0
    assert [file["path"] for file in by["own"]["files"]] == ["src/api.py"]
    assert any(file["path"].endswith("entry.py") for file in by["fnctl"]["files"])
    assert sum(package["unpacked_size"] for package in made["packages"]) == made["unpacked_size"]
    room = {limit["id"]: limit for limit in made["limits"]}
    assert (room["lambda.zip.unpacked"]["most"], room["lambda.zip.unpacked"]["used"]) == (250 * 1024**2, made["unpacked_size"])
    assert room["lambda.zip.upload"]["used"] == made["size"]


def test_a_bundle_is_told_apart_by_what_was_written_into_it(size: Size) -> None:
    (made,) = size("size", "thumbs", "--output", "json").document()["artifacts"]
    left = next(package for package in made["packages"] if package["origin"] == "npm")
    assert (left["name"], left["version"], left["unpacked_size"] > len(PAGE)) == ("@a/left", "1.4.0", True)
    assert [file["path"] for file in left["files"]] == ["node_modules/@a/left/index.js"]
    assert sum(package["unpacked_size"] for package in made["packages"]) == made["unpacked_size"]


def test_people_see_a_tree_and_the_room_that_is_left(size: Size) -> None:
    done = size("size", "api")
    assert done.code == 0
    lines = done.out.splitlines()
    assert re.fullmatch(r"api on aws  \d+ KB unpacked, \d+ KB packed", lines[0])
    assert any(re.fullmatch(r"[├└]── page 2\.1  5\.\d KB  \d+%", line) for line in lines)
    assert any(re.fullmatch(r"room: 2\d\d MB below lambda\.zip\.unpacked, 250 MB unpacked \(<1% used\)", line) for line in lines)


def test_a_function_that_is_not_there(size: Size) -> None:
    done = size("size", "apo")
    assert (done.code, "there is no function 'apo'" in done.err, "did you mean `api`?" in done.err) == (2, True, True)


class Rectangles(HTMLParser):
    """Reads what a page draws, and whether it needs anything from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.boxes: list[tuple[float, ...]] = []
        self.needs: list[str] = []
        self.titles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "rect":
            self.boxes.append(tuple(float(given[side] or 0) for side in ("x", "y", "width", "height")))
        self.needs += [value for name, value in attrs if name in ("src", "href") and value] + (["script"] if tag == "script" else [])

    def handle_data(self, data: str) -> None:
        self.titles.append(data)


def test_a_page_shows_it_and_needs_nothing_else(size: Size, tmp_path: Path) -> None:
    assert size("size", "api", "--html", "sizes.html").code == 0
    page = Rectangles()
    page.feed((tmp_path / "sizes.html").read_text("utf-8"))
    assert page.needs == []
    assert any(title.startswith("page 2.1: ") for title in page.titles)
    assert any(title.startswith("page/__init__.py: ") for title in page.titles)
    assert all(x >= 0 and y >= 0 and x + width <= 1200.2 and y + height <= 640.2 for x, y, width, height in page.boxes)


def test_a_page_that_cannot_be_written_is_said(size: Size, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    done = size("size", "api", "--html", "taken")
    assert (done.code, "FN404" in done.err, "Traceback" in done.err) == (1, True, False)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60), st.floats(1, 2000), st.floats(1, 2000))
def test_rectangles_fill_the_picture_and_keep_their_shares(values: list[int], width: float, height: float) -> None:
    values.sort(reverse=True)
    made = squarified(values, Box(0, 0, width, height))
    assert len(made) == len(values)
    total, area = sum(values), width * height
    for value, box in zip(values, made, strict=True):
        assert box.width * box.height == pytest.approx(value * area / total if total else 0, rel=1e-6, abs=area * 1e-6)
        assert box.x >= -1e-6
        assert box.y >= -1e-6
        assert box.x + box.width <= width * (1 + 1e-6)
        assert box.y + box.height <= height * (1 + 1e-6)


@pytest.mark.parametrize(
    ("budget", "word"),
    [("{ unpacked: 5KB }", "unpacked"), ("{ packed: 1KB }", "packed"), ("{ packed: 1KB, unpacked: 1GB }", "packed")],
)
def test_a_budget_fails_the_build(size: Size, budget: str, word: str) -> None:
    tight = MANIFEST.replace("    runtime: python3.13\n", f"    runtime: python3.13\n    budget: {budget}\n")
    done = size("build", "--output", "json", manifest=tight)
    assert done.code == 1
    (found,) = done.document()["diagnostics"]
    assert (found["code"], found["line"]) == ("FN446", 9)
    assert f" {word}, and the budget is " in found["label"]
    assert "largest: " in found["notes"][0]
    assert "fnctl size api" in found["help"]


def test_a_budget_that_is_kept_and_one_from_the_defaults(size: Size) -> None:
    enough = MANIFEST.replace("timeout: 10s }", "timeout: 10s, budget: { unpacked: 5 } }")
    assert size("build", manifest=enough).code == 0
    done = size("build", manifest=MANIFEST.replace("timeout: 10s }", "timeout: 10s, budget: { unpacked: 4KB } }"))
    assert (done.code, done.err.count("error[FN446]")) == (1, 2)
