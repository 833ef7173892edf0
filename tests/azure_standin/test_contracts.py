"""The check of contracts itself: what it finds, and what it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from azure_graph import schemas
from azure_standin import bodies, contracts
from azure_standin.caller import GROUP
from fnctl_azure.standin.table import Spec, table

needed = pytest.mark.skipif(not schemas.FOLDER.exists(), reason="ARM's schemas are not at hand")


def _line(method: str, path: str, status: int, body: Any = None) -> dict[str, Any]:
    return {"plane": "arm", "method": method, "path": f"{GROUP}/providers/{path}", "status": status, "body": body}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (_line("PUT", "Microsoft.Insights/components/x", 201, {}), "answered 201, and the SDK takes [200]"),
        (_line("PUT", "Microsoft.Web/sites/app/host/default", 200, {}), "no SDK has this operation"),
        (_line("DELETE", "Microsoft.KeyVault/vaults/safe", 202), "answered 202, and the SDK takes [200, 204]"),
    ],
)
def test_an_answer_that_no_sdk_takes_is_found(line: dict[str, Any], says: str) -> None:
    assert says in "\n".join(contracts.problems([line]))


@needed
def test_a_body_that_no_schema_takes_is_found() -> None:
    wrong = bodies.FLEX | {"properties": bodies.FLEX["properties"] | {"httpsOnly": "perhaps"}}
    assert contracts.problems([_line("PUT", "Microsoft.Web/sites/app", 202, bodies.FLEX)]) == []
    assert contracts.problems([_line("PUT", "Microsoft.Web/sites/app", 202, wrong)])


@needed
def test_which_types_no_schema_speaks_of(capsys: pytest.CaptureFixture[str]) -> None:
    written = [spec.type for spec in table().values() if "PUT" in spec.methods]
    found = contracts.unchecked(written)
    with capsys.disabled():
        print(f"\nno schema at hand for: {', '.join(found)}")  # noqa: T201  # it is what this test is for
    assert "Microsoft.Web/sites" not in found
    assert len(found) < len(written) / 2


@pytest.mark.parametrize("spec", [spec for spec in table().values() if {"PUT", "DELETE"} & set(spec.methods)], ids=lambda spec: spec.type)
def test_an_sdk_takes_what_the_table_answers(spec: Spec) -> None:
    namespace, *words = spec.type.split("/")
    above = ["/".join([namespace, *words[: depth + 1]]) for depth in range(len(words))]
    names = ["default" if table()[kind.lower()].name == "default" else WORDS.get(words[depth], "x") for depth, kind in enumerate(above)]
    path = f"{GROUP}/providers/{namespace}/" + "/".join(f"{word}/{name}" for word, name in zip(words, names, strict=True))
    for method, statuses in (("PUT", {*spec.put}), ("DELETE", {spec.delete, 204})):
        if method in spec.methods and f"{method} {spec.type}" not in contracts.NO_OPERATION:
            accepted = contracts.accepted(method, path)
            assert accepted is not None, path
            # Group deletion aside, what is not there any more is answered like what was: the SDKs list both.
            assert statuses - {204} <= set(accepted), (method, path)


WORDS = {"config": "appsettings", "extensions": "onedeploy", "basicPublishingCredentialsPolicies": "scm"}
"""Names that are fixed in an operation's path."""
