"""The language server as an editor sees it: a real process, real messages."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lsp.client import Editor

HEAD = "fnctl: 1\nservice: orders\ntargets:\n  aws: { region: eu-west-1 }\nsecrets: [STRIPE_KEY]\ninclude: [more/*.yaml]\n"
REST = (
    "resources:\n  jobs: { type: queue }\n  orders: { type: table, key: id }\nfunctions:\n  api:\n    handler: api.py:handler\n"
    "    runtime: python3.13\n    triggers:\n      - http: GET /\n    uses: { orders: read, jobs: send }\n    secrets: [STRIPE_KEY]\n"
)
GOOD = HEAD + REST
MORE = "functions:\n  worker:\n    handler: api.py:work\n    runtime: python3.13\n    triggers: [{ queue: jobs }]\n"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    tmp_path = tmp_path_factory.mktemp("project")
    (tmp_path / "fnctl.yaml").write_text(GOOD)
    (tmp_path / "api.py").write_text("X = 1\n\n\ndef handler(request):\n    return 1\n\n\ndef work(event):\n    return 1\n")
    (tmp_path / "more").mkdir()
    (tmp_path / "more/worker.yaml").write_text(MORE)
    editor = Editor(tmp_path)
    try:
        editor.start()
        yield editor
        assert editor.stop() == 0
    finally:
        editor.close()


@pytest.fixture
def editor(running: Editor) -> Iterator[Editor]:
    yield running
    running.forget()


def position(text: str, needle: str, shift: int = 0) -> dict[str, int]:
    """Find where a needle begins, in UTF-16."""
    before = text[: text.index(needle)]
    line = before.count("\n")
    column = before[before.rfind("\n") + 1 :]
    return {"line": line, "character": len(column.encode("utf-16-le")) // 2 + shift}


def at(uri: str, text: str, needle: str, shift: int = 0) -> dict[str, Any]:
    return {"textDocument": {"uri": uri}, "position": position(text, needle, shift)}


def test_findings_come_and_go_as_one_types(editor: Editor) -> None:
    uri = editor.open(GOOD)
    assert [d for d in editor.findings(uri) if d["severity"] == 1] == []
    broken = GOOD.replace("handler: api", "handlr: api")
    editor.change(uri, broken)
    found = {d["code"]: d for d in editor.findings(uri)}
    assert {"FN010", "FN011"} <= set(found)
    wrong = found["FN010"]
    assert wrong["range"] == {"start": position(broken, "handlr"), "end": position(broken, "handlr", 6)}
    assert "did you mean `handler`?" in wrong["message"]
    editor.change(uri, "fnctl: [\n", 3)
    assert [d["code"] for d in editor.findings(uri)] == ["FN003"]
    editor.change(uri, GOOD, 4)
    assert [d for d in editor.findings(uri) if d["severity"] == 1] == []
    assert (editor.folder / "fnctl.yaml").read_text() == GOOD


def test_columns_count_utf16(editor: Editor) -> None:
    text = GOOD.replace("uses: { orders", 'env: { A: "\U0001f600é", DB_TOKEN: "sk_live_4eC39HqLyjWDarjtT1zdp7dc" }\n    uses: { orders')
    uri = editor.open(text)
    spans = [d["range"] for d in editor.findings(uri) if d["code"] == "SEC001"]
    assert spans == [{"start": position(text, '"sk_live'), "end": position(text, " }\n    uses")}]


def test_findings_stand_in_the_included_file(editor: Editor) -> None:
    uri = editor.open(MORE.replace("runtime", "runtme"), "more/worker.yaml")
    assert "FN010" in [d["code"] for d in editor.findings(uri)]
    editor.change(uri, MORE)
    assert editor.findings(uri) == []


def test_the_words_of_an_image_are_hovered_over(editor: Editor) -> None:
    text = GOOD.replace("    handler: api.py:handler\n    runtime: python3.13\n", "    image: { uri: a.b/c:1, command: [x] }\n")
    uri = editor.open(text)
    whole = editor.ask("textDocument/hover", at(uri, text, "image:", 2))
    assert "A container image in a registry" in whole["contents"]["value"]
    assert "Instead of the image's own CMD" in editor.ask("textDocument/hover", at(uri, text, "command:", 2))["contents"]["value"]


def test_hover_is_the_schemas_documentation(editor: Editor) -> None:
    uri = editor.open(GOOD)
    page = editor.ask("textDocument/hover", at(uri, GOOD, "handler: api", 2))
    assert "**handler**" in page["contents"]["value"]
    assert "The file and the name in it that is called" in page["contents"]["value"]
    assert page["range"]["start"] == position(GOOD, "handler: api")
    name = editor.ask("textDocument/hover", at(uri, GOOD, "jobs: send", 1))
    assert "jobs: { type: queue }" in name["contents"]["value"]
    assert editor.ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": {"line": 999, "character": 0}}) is None


@pytest.mark.parametrize(
    ("needle", "file", "wanted"),
    [
        ("jobs: send", "fnctl.yaml", "jobs: { type"),
        ("orders: read", "fnctl.yaml", "orders: { type"),
        ("STRIPE_KEY]\n", "fnctl.yaml", "STRIPE_KEY]\ninclude"),
        ("api.py:handler", "api.py", "def handler"),
    ],
)
def test_definitions(editor: Editor, needle: str, file: str, wanted: str) -> None:
    uri = editor.open(GOOD)
    last = GOOD.rindex(needle)
    line = GOOD.count("\n", 0, last)
    where = {"line": line, "character": last - GOOD.rfind("\n", 0, last)}
    found = editor.ask("textDocument/definition", {"textDocument": {"uri": uri}, "position": where})
    text = (editor.folder / file).read_text()
    assert (found["uri"], found["range"]["start"]) == ((editor.folder / file).as_uri(), position(text, wanted))


def test_a_definition_leads_out_of_an_included_file(editor: Editor) -> None:
    uri = editor.open(MORE, "more/worker.yaml")
    found = editor.ask("textDocument/definition", at(uri, MORE, "jobs", 1))
    assert (found["uri"], found["range"]["start"]) == ((editor.folder / "fnctl.yaml").as_uri(), position(GOOD, "jobs: {"))


def completed(editor: Editor, text: str, version: int = 1, name: str = "fnctl.yaml") -> dict[str, str]:
    """Complete at the `|` of a text -> {label: the text as it would be}."""
    before, after = text.split("|")
    uri = editor.open(before + after, name)
    where = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
    items = editor.ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": where})["items"]
    return {item["label"]: _edited(before + after, item["textEdit"]) for item in items}


def _edited(text: str, edit: dict[str, Any]) -> str:
    lines = text.split("\n")
    start, end = edit["range"]["start"], edit["range"]["end"]
    assert start["line"] == end["line"]
    line = lines[start["line"]]
    lines[start["line"]] = line[: start["character"]] + edit["newText"] + line[end["character"] :]
    return "\n".join(lines)


FUNCTION = HEAD + REST + "  more:\n    handler: api.py:work\n    runtime: python3.13\n"


@pytest.mark.parametrize(
    ("text", "there", "not_there"),
    [
        (FUNCTION + "    |", {"memory", "timeout", "uses", "triggers"}, {"handler", "runtime", "functions"}),
        (FUNCTION + "    mem|\n    timeout: 3s\n", {"memory"}, {"timeout"}),
        (FUNCTION + "    uses: { |", {"jobs", "orders", "api", "worker"}, {"memory"}),
        (FUNCTION + "    uses: { jobs: send, o| }", {"orders"}, {"jobs"}),
        (FUNCTION + "    uses:\n      |", {"jobs", "orders", "api"}, {"memory"}),
        (FUNCTION + "    uses: { orders: |", {"read", "write"}, {"send"}),
        (FUNCTION + "    uses: { orders: [read, |", {"read", "write"}, {"send"}),
        (FUNCTION + "    triggers:\n      - |", {"http", "queue", "schedule"}, {"memory"}),
        (FUNCTION + "    triggers: [{ queue: |", {"jobs"}, {"orders"}),
        (FUNCTION + "    triggers: [{ queue: { name: |, batch: 2 } }]", {"jobs"}, {"orders"}),
        (FUNCTION + "    secrets: [|]", {"STRIPE_KEY"}, {"jobs"}),
        (FUNCTION + "    interface: |", {"asgi", "event", "task"}, {"jobs"}),
        (FUNCTION + "    dead_letter: |", {"jobs"}, {"orders"}),
        (FUNCTION + "    idempotent: { table: | }", {"orders"}, {"jobs"}),
        (HEAD + REST.replace("{ type: queue }", "{ type: | }"), {"queue", "bucket", "table"}, {"jobs"}),
        (HEAD + REST.replace("{ type: queue }", "{ type: queue, | }"), {"max_receives", "visibility"}, {"type", "key"}),
        (HEAD.replace("region: eu-west-1", "on|"), {"only"}, {"memory"}),
        (HEAD.replace("{ region: eu-west-1 }", "{ only: [|"), {"worker"}, {"jobs"}),
        ("|", {"fnctl", "service", "functions"}, {"memory"}),
        ("fnctl: 1\nser|", {"service"}, {"fnctl"}),
        (HEAD + "workflows:\n  w:\n    steps:\n      - task: |\n" + REST, {"api", "worker"}, {"jobs"}),
    ],
)
def test_completion_knows_keys_values_and_names(editor: Editor, text: str, there: set[str], not_there: set[str]) -> None:
    found = completed(editor, text)
    assert there <= set(found)
    assert not set(found) & not_there


def test_a_completion_writes_what_it_says(editor: Editor) -> None:
    assert completed(editor, FUNCTION + "    mem|")["memory"] == FUNCTION + "    memory: "
    assert completed(editor, FUNCTION + "    uses: { or| }")["orders"] == FUNCTION + "    uses: { orders:  }"
    assert completed(editor, FUNCTION + "    ti|: 3s\n")["timeout"] == FUNCTION + "    timeout: 3s\n"
    assert completed(editor, FUNCTION + "    secrets: [STR|]")["STRIPE_KEY"] == FUNCTION + "    secrets: [STRIPE_KEY]"


def test_a_fix_and_the_layout_are_edits(editor: Editor) -> None:
    text = GOOD.replace("handler: api", "handlr: api").replace("service: orders", "service:   orders")
    uri = editor.open(text)
    wrong = [d for d in editor.findings(uri) if d["code"] == "FN010"]
    actions = editor.ask("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": wrong[0]["range"], "context": {"diagnostics": wrong}})
    [edit] = actions[0]["edit"]["changes"][uri]
    assert (actions[0]["title"], _edited(text, edit)) == ("Write `handler`", text.replace("handlr", "handler"))
    options = {"tabSize": 2, "insertSpaces": True}
    [edit] = editor.ask("textDocument/formatting", {"textDocument": {"uri": uri}, "options": options})
    assert edit["newText"] == text.replace("service:   orders", "service: orders")
    editor.change(uri, edit["newText"])
    assert editor.ask("textDocument/formatting", {"textDocument": {"uri": uri}, "options": options}) == []


@pytest.mark.parametrize(
    "text", ["", "\x00", "a: [", "- - -", "? a", "\ufeffa: 1", "a: *b", "x" * 5000, "fnctl: 1\nfunctions: [1, {a: ]\n", "\t", "%", "'"]
)
def test_no_text_silences_the_server(editor: Editor, text: str) -> None:
    uri = editor.open(text)
    for line, character in ((0, 0), (0, 3), (1, 5), (7, 7)):
        where = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
        for method in ("hover", "definition", "completion"):
            editor.ask(f"textDocument/{method}", where)
    editor.ask("textDocument/formatting", {"textDocument": {"uri": uri}, "options": {"tabSize": 2, "insertSpaces": True}})
    assert isinstance(editor.findings(uri), list)


def test_other_yaml_is_left_alone(editor: Editor) -> None:
    uri = editor.open("a: 1\n", "other.yaml")
    assert editor.ask("textDocument/hover", at(uri, "a: 1\n", "a")) is None


def test_without_the_extra_there_is_a_sentence(tmp_path: Path) -> None:
    code = "import sys; sys.modules['pygls'] = None; from fnctl.__main__ import main; sys.exit(main(['lsp']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert re.search(r"the language server is not installed(.|\n)*pip install 'fnctl-cli\[lsp\]'", done.stderr)
