"""`fnctl init`: what it writes is a manifest that validates, and it never overwrites."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from cli.conftest import Fnctl, problems
from fnctl.commands.starting import TEMPLATES


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_validates_and_suits_its_schema(fnctl: Fnctl, tmp_path: Path, template: str) -> None:
    assert fnctl("init", "--template", template, "--service", "my-shop").code == 0
    text = (tmp_path / "fnctl.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=.fnctl/manifest-1.schema.json\n")
    manifest = yaml.safe_load(text)
    assert manifest["service"] == "my-shop"
    schema = json.loads((tmp_path / ".fnctl" / "manifest-1.schema.json").read_text())
    assert list(jsonschema_rs.Draft202012Validator(schema).iter_errors(manifest)) == []
    done = fnctl("validate", "--strict")
    assert (done.code, done.err) == (0, "The manifest is fine for aws.\n")
    for function in manifest["functions"].values():
        compile((tmp_path / function["handler"].split(":")[0]).read_text(), function["handler"], "exec")


def test_the_folder_gives_the_name(fnctl: Fnctl, tmp_path: Path) -> None:
    assert fnctl("init", "2 My Shop!").code == 0
    assert yaml.safe_load((tmp_path / "2 My Shop!" / "fnctl.yaml").read_text())["service"] == "my-shop"


def test_it_asks_only_on_a_terminal(fnctl: Fnctl, tmp_path: Path) -> None:
    assert fnctl("init", "a", stdin="orders\npipeline\n", tty=True).code == 0
    assert yaml.safe_load((tmp_path / "a" / "fnctl.yaml").read_text())["service"] == "orders"
    assert (tmp_path / "a" / "src" / "worker.py").is_file()
    assert fnctl("init", "b", stdin="orders\npipeline\n").code == 0
    assert yaml.safe_load((tmp_path / "b" / "fnctl.yaml").read_text())["service"] == "b"
    assert fnctl("init", "c", "--no-input", stdin="orders\npipeline\n", tty=True).code == 0
    assert not (tmp_path / "c" / "src" / "worker.py").exists()


def test_it_names_what_is_in_the_way_and_writes_nothing(fnctl: Fnctl, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "api.py").write_text("mine")
    done = fnctl("init")
    assert done.code == 1
    assert "src/api.py is there already" in " ".join(done.err.split())
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["api.py", "src"]
    assert (tmp_path / "src" / "api.py").read_text() == "mine"


def test_git_ignores_what_can_be_made_again(fnctl: Fnctl, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("dist/")
    assert fnctl("init").code == 0
    assert (tmp_path / ".gitignore").read_text() == "dist/\n.fnctl/\n"
    assert (tmp_path / ".fnctl" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("words", [("--service", "My Shop"), ("--service", "x" * 41), ("--template", "moon")])
def test_a_wrong_word_is_a_usage_error(fnctl: Fnctl, tmp_path: Path, words: tuple[str, ...]) -> None:
    assert fnctl("init", *words).code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_diagnostic(fnctl: Fnctl, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = fnctl("init", "file/below")
    assert done.code == 1
    assert "cannot be written" in done.err


def test_a_machine_gets_the_list_of_files(fnctl: Fnctl) -> None:
    [line] = fnctl("init", "--output", "json").lines
    assert problems("event", line) == []
    assert "fnctl.yaml" in line["files"]
