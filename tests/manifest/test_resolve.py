"""Resolving: which layer wins, where a value came from, partial and foreign targets; and the table in the docs, which says the same."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from fnctl.graph import Json
from fnctl.manifest.check import check
from fnctl.manifest.load import Document, load
from fnctl.manifest.model import Function, Service
from fnctl.manifest.resolve import Resolution, describe, explain, resolve
from fnctl.rules import reading

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "manifest.md").read_text()
LAYERS = re.findall(r"^\| (`\{.*)\|$", DOCS, re.MULTILINE)
BASE: dict[str, Any] = {"fnctl": 1, "service": "shop", "targets": {"aws": {"region": "eu-west-1"}}, "defaults": {"runtime": "python3.13"}}


def written(folder: Path, manifest: dict[str, Any]) -> Document:
    path = folder / "fnctl.yaml"
    path.write_text(json.dumps({**BASE, **manifest}, indent=1))
    document, found = load(path)
    assert document is not None
    assert found == []
    return document


def service(folder: Path, manifest: dict[str, Any], target: str = "aws", stage: str = "dev", **environ: str) -> Service:
    resolution = resolve(written(folder, manifest), target=target, stage=stage, environ=environ)
    assert resolution.diagnostics == []
    assert resolution.service is not None
    return resolution.service


def test_the_docs_have_eight_cases() -> None:
    assert len(LAYERS) == 8


@pytest.mark.parametrize("row", LAYERS)
def test_layers_merge_as_the_docs_say(row: str, tmp_path: Path) -> None:
    cells = [cell.strip().strip("`") for cell in row.split("|")]
    defaults, own, defaults_aws, own_aws, stages = (yaml.safe_load(cell or "{}") for cell in cells[:5])
    manifest = {
        "defaults": {"runtime": "python3.13", **defaults, "targets": {"aws": defaults_aws}},
        "functions": {"api": {"handler": "a.py:b", **own, "targets": {"aws": own_aws}}},
        "stages": {"prod": {}, **stages},
    }
    resolution = resolve(written(tmp_path, manifest), target="aws", stage="prod", environ={})
    assert resolution.service is not None
    ((word, value),) = yaml.safe_load(cells[5]).items()
    made = getattr(resolution.service.functions["api"], word)
    assert (list(made) if isinstance(made, tuple) else made) == value
    origin = yaml.safe_load(cells[6] or "{}")
    wanted = {f".{key}": layer for key, layer in origin.items()} if isinstance(origin, dict) else {"": origin}
    told = {path: text for path, text in explain(resolution).items() if path.startswith(f"functions.api.{word}")}
    assert {path.removeprefix(f"functions.api.{word}"): text.split("(")[1].rstrip(")") for path, text in told.items()} == wanted


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    sources = [path.read_text() for path in (ROOT / "cli" / "fnctl").rglob("*.py")]
    used = {code for source in sources for code in re.findall(r'"((?:FN0|SEC)\d+)"', source)}
    pages = {path.stem for path in (ROOT / "docs" / "rules").glob("*.md")}
    assert used <= pages
    assert {rule.code for rule in reading.rules()} <= used


def test_spans_follow_the_winning_layer(tmp_path: Path) -> None:
    path = tmp_path / "fnctl.yaml"
    path.write_text(
        "fnctl: 1\nservice: s\ntargets: { aws: {} }\n"
        "defaults: { runtime: python3.13, memory: 128MB }\n"
        "functions:\n"
        "  api: { handler: a.py:b, timeout: 5s, triggers: [{ http: GET / }] }\n"
        "stages: { prod: { functions: { api: { timeout: 9s } } } }\n"
    )
    document, _ = load(path)
    assert document is not None
    span = resolve(document, target="aws", stage="prod", environ={}).origins
    assert str(span("functions", "api", "memory")) == "fnctl.yaml:4:42"
    assert str(span("functions", "api", "timeout")) == "fnctl.yaml:7:48"
    assert str(span("functions", "api", "triggers", 0, "http")) == "fnctl.yaml:6:59"
    assert str(span("functions", "api", "nowhere")) == str(span("functions", "api"))
    assert str(span("functions", "api", key=True)) == "fnctl.yaml:6:3"


def test_triggers_have_one_form(tmp_path: Path) -> None:
    triggers = [
        {"queue": "jobs"},
        {"queue": {"name": "jobs", "id": "again", "batch": 5.0, "window": "1m"}},
        {"bucket": {"name": "files", "suffix": ".jpg"}},
        {"bus": {"name": "shop", "type": "order.*"}},
        {"schedule": "every 5m"},
        {"schedule": {"cron": "0 3 * * 7", "timezone": "Europe/Berlin", "name": "nightly"}},
    ]
    resources = {"jobs": {"type": "queue"}, "files": {"type": "bucket"}, "shop": {"type": "bus"}}
    made = service(tmp_path, {"resources": resources, "functions": {"f": {"handler": "a.py:b", "triggers": triggers}}}).functions["f"].triggers
    assert [(t.kind, t.key, t.resource, dict(t.options)) for t in made][:4] == [
        ("queue", "jobs", "jobs", {}),
        ("queue", "again", "jobs", {"batch": 5, "window": 60}),
        ("bucket", "files", "files", {"when": ["created"], "suffix": ".jpg"}),
        ("bus", "shop", "shop", {"type": ["order.*"]}),
    ]
    assert dict(made[4].options) == {"every": 300, "timezone": "UTC"}
    assert (made[5].key, dict(made[5].options)) == ("nightly", {"cron": "0 3 * * 0", "timezone": "Europe/Berlin"})
    assert made[2].at == ("functions", "f", "triggers", 2)


def test_routes_have_one_form(tmp_path: Path) -> None:
    routes = [{"http": "GET /x/{id}"}, {"http": {"method": "POST", "path": "/x", "cors": {"origins": "*", "max_age": "1h"}}}]
    api = service(tmp_path, {"functions": {"api": {"handler": "a.py:b", "triggers": routes}}}).functions["api"]
    assert api.interface == "function"
    assert [(t.key, dict(t.options)) for t in api.triggers] == [
        ("GET /x/{id}", {"method": "GET", "path": "/x/{id}"}),
        ("POST /x", {"method": "POST", "path": "/x", "cors": {"origins": "*", "max_age": 3600}}),
    ]


def test_units_become_numbers_everywhere(tmp_path: Path) -> None:
    function = {
        "handler": "./src/a.py:b",
        "memory": "1GB",
        "timeout": "2m",
        "logs": {"retention": "7d"},
        "retry": {"interval": "1m"},
        "concurrency": {"always_ready": 2},
        "idempotent": {"ttl": "1d"},
        "env": {"PORT": 80, "ON": True},
        "targets": {"aws": {"ephemeral_storage": "2GB", "http": "function_url"}},
    }
    resources = {"jobs": {"type": "queue", "visibility": "12m", "targets": {"aws": {"delay": "5s", "kms_key": "k"}}}}
    rollout = {"canary": "10%", "bake": "10m"}
    made = service(tmp_path, {"functions": {"f": function}, "resources": resources, "rollout": rollout, "ttl": "3d"})
    f = made.functions["f"]
    assert (f.handler_file, f.memory, f.timeout, f.logs.retention, f.provisioned) == ("src/a.py", 1024, 120, 7, 2)
    assert (f.retry, f.idempotent, f.env) == ({"interval": 60}, {"ttl": 86400}, {"PORT": "80", "ON": "true"})
    assert f.own == {"ephemeral_storage": 2048, "http": "function_url"}
    assert (made.resources["jobs"].options, made.resources["jobs"].own) == ({"visibility": 720, "delay": 5}, {"kms_key": "k"})
    assert (made.rollout, made.ttl) == ({"canary": 10, "bake": 600}, 259200)


@pytest.mark.parametrize(
    ("own", "expected", "line"),
    [
        ({}, {"canary": 10, "bake": 600}, "stages.prod"),
        ({"rollout": {"bake": "1m"}}, {"canary": 10, "bake": 60}, "targets.aws"),
        ({"rollout": None}, {}, ""),
    ],
)
def test_a_target_lays_its_rollout_over_that_of_the_service(tmp_path: Path, own: dict[str, Any], expected: dict[str, int], line: str) -> None:
    manifest = {"targets": {"aws": own, "azure": {}}, "stages": {"prod": {"rollout": {"canary": "10%", "bake": "10m"}}}}
    made = resolve(written(tmp_path, {**manifest, "functions": {"f": {"handler": "a.py:b"}}}), target="aws", stage="prod", environ={})
    assert made.service is not None
    assert (made.service.rollout, made.service.settings) == (expected, {})
    assert not line or line in made.origins.text(("rollout", "bake"))


def test_placeholders_keep_types_and_stages_change_them(tmp_path: Path) -> None:
    manifest = {
        "vars": {"memory": 256, "where": "${stage}-${env.REGION}"},
        "stages": {"prod": {"vars": {"memory": "2GB"}}},
        "functions": {"f": {"handler": "a.py:b", "memory": "${vars.memory}", "env": {"W": "at ${vars.where}", "RAW": "$${x}"}}},
    }
    dev, prod = (service(tmp_path, manifest, stage=stage, REGION="eu").functions["f"] for stage in ("dev", "prod"))
    assert (dev.memory, dev.env) == (256, {"W": "at dev-eu", "RAW": "${x}"})
    assert (prod.memory, prod.env["W"]) == (2048, "at prod-eu")


def test_a_changed_environment_is_read_again(tmp_path: Path) -> None:
    document = written(tmp_path, {"functions": {"f": {"handler": "a.py:b", "env": {"X": "${env.X}"}}}})
    values = [resolve(document, target="aws", stage="dev", environ={"X": x}).service for x in ("one", "two")]
    assert [made.functions["f"].env["X"] for made in values if made] == ["one", "two"]


def test_only_hosts_a_part(tmp_path: Path) -> None:
    manifest = {
        "targets": {"aws": {}, "vercel": {"only": ["api"]}},
        "functions": {"api": {"handler": "a.py:b", "uses": {"worker": "invoke"}}, "worker": {"handler": "a.py:b"}},
    }
    made = service(tmp_path, manifest, target="vercel")
    assert (list(made.functions), list(made.elsewhere), made.settings) == (["api"], ["worker"], {})
    assert [d.code for d in check(made, files=False)] == ["FN047"]


SCHEMA: dict[str, dict[str, Json]] = {
    "moon": {"target": {"crater": {"type": "string"}}, "function": {"gravity": {"type": "integer"}}, "resource": {}}
}


def moon(folder: Path, target: dict[str, Any], function: dict[str, Any], schemas: dict[str, dict[str, Json]]) -> Resolution:
    functions = {"f": {"handler": "a.py:b", "targets": {"moon": function}}}
    return resolve(written(folder, {"targets": {"moon": target}, "functions": functions}), target="moon", stage="dev", environ={}, schemas=schemas)


def test_a_third_partys_words_are_checked_by_its_schema(tmp_path: Path) -> None:
    good = moon(tmp_path, {"crater": "Tycho"}, {"gravity": 2, "memory": "1GB"}, SCHEMA)
    assert good.diagnostics == []
    assert good.service is not None
    assert (good.service.settings, good.service.functions["f"].own, good.service.functions["f"].memory) == ({"crater": "Tycho"}, {"gravity": 2}, 1024)
    bad = moon(tmp_path, {"carter": "Tycho"}, {"gravity": "low"}, SCHEMA)
    assert [(d.code, d.target) for d in bad.diagnostics] == [("FN010", "moon"), ("FN012", "moon")]


def test_a_target_without_its_adapter_names_the_pip_line(tmp_path: Path) -> None:
    (finding,) = moon(tmp_path, {}, {}, {}).diagnostics
    assert finding.code == "FN021"
    assert "pip install fnctl-moon" in (finding.help or "")


def test_a_null_handler_is_a_finding(tmp_path: Path) -> None:
    functions = {"f": {"handler": "a.py:b", "targets": {"aws": {"handler": None}}}}
    resolution = resolve(written(tmp_path, {"functions": functions}), target="aws", stage="dev", environ={})
    assert [d.code for d in resolution.diagnostics] == ["FN011"]


def test_describe_is_plain_and_leaves_out_what_is_unset(tmp_path: Path) -> None:
    document = written(tmp_path, {"functions": {"f": {"handler": "a.py:b", "triggers": [{"http": "GET /"}]}}})
    shown = describe(resolve(document, target="aws", stage="dev", environ={}))
    assert json.loads(json.dumps(shown)) == shown
    assert "elsewhere" not in shown
    function: Any = shown["functions"]
    assert "memory" not in function["f"]


def test_included_files_are_one_manifest_with_their_own_places(tmp_path: Path) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "b.yaml").write_text("secrets: [B]\nfunctions:\n  b:\n    handler: b.py:b\n    secrets: [B]\n")
    made = service(tmp_path, {"secrets": ["A"], "include": ["functions/*.yaml"], "functions": {"a": {"handler": "a.py:b", "secrets": ["A"]}}})
    assert (list(made.functions), made.secrets) == (["a", "b"], ("A", "B"))
    assert str(made.span("functions", "b", "handler")) == "functions/b.yaml:4:14"
    assert str(made.span("secrets", 1)) == "functions/b.yaml:1:11"


def test_an_invalid_document_gives_no_service(tmp_path: Path) -> None:
    (tmp_path / "fnctl.yaml").write_text("fnctl: 1\n")
    document, found = load(tmp_path / "fnctl.yaml")
    assert document is not None
    assert found
    resolution = resolve(document, target="aws", stage="dev", environ={})
    assert (resolution.service, resolution.diagnostics) == (None, [])


def test_functions_without_target_words_are_made_once_for_all_targets(tmp_path: Path) -> None:
    functions = {"same": {"handler": "a.py:b"}, "own": {"handler": "a.py:b", "targets": {"aws": {"memory": 512}}}}
    document = written(tmp_path, {"targets": {"aws": {}, "azure": {}}, "functions": functions})
    aws, azure = (resolve(document, target=t, stage="dev", environ={}).service for t in ("aws", "azure"))
    assert aws is not None
    assert azure is not None
    assert asdict(aws.functions["same"]) == asdict(azure.functions["same"])
    assert (aws.functions["own"].memory, azure.functions["own"].memory) == (512, None)


def test_a_workflow_whose_tasks_are_all_elsewhere_is_none_of_a_targets(tmp_path: Path) -> None:
    pack: dict[str, Json] = {"map": "= $input.items", "steps": [{"id": "pack", "task": "pack"}]}
    flow: dict[str, Json] = {"steps": [{"id": "all", **pack}, {"id": "pay", "task": "pay", "compensate": {"task": "refund"}}]}
    known = {name: Function(name, "a.py", "b", "task", "python3.13") for name in ("pack", "pay", "refund", "api")}
    starter = Function("api", "a.py", "b", "event", "python3.13", uses={"ship": ("start",)})

    def joined(*here: str, function: Function | None = None) -> tuple[str, ...]:
        functions = {name: known[name] for name in here} | ({function.name: function} if function else {})
        elsewhere = {name: one for name, one in known.items() if name not in functions}
        service = Service("shop", "dev", "aws", {}, functions, {}, {"ship": flow, "tell": {"steps": []}}, (), tmp_path, elsewhere=elsewhere)
        return service.joined

    assert joined("api") == ("tell",)
    assert joined("refund") == joined("pack") == joined(function=starter) == joined(*known) == ("ship", "tell")
