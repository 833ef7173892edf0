"""Every body that a graph would be written with, held against ARM's own schemas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from azure_graph import schemas
from azure_graph.test_translate import CASES, PORTABLE, graph_of
from fnctl.graph import CLOUD, Graph, order, resolve
from fnctl_azure.kinds import all_kinds
from fnctl_azure.kinds.base import Arm

UNCHECKED = {
    "Microsoft.EventHub/namespaces",
    "Microsoft.EventHub/namespaces/eventhubs",
    "Microsoft.EventHub/namespaces/eventhubs/consumergroups",
    "Microsoft.Insights/components",
    "Microsoft.KeyVault/vaults",
}
"""Types that no schema at hand speaks of."""

pytestmark = pytest.mark.skipif(not schemas.FOLDER.is_dir(), reason="ARM's schemas are not beside this checkout")


class Outputs(dict[str, Any]):
    """What a node that is there says of itself: whatever it is asked for."""

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, f"https://{key}.example/" if "Endpoint" in key or key in ("url", "vaultUri") else key)


def bodies(graph: Graph) -> Mapping[str, tuple[str, str, dict[str, Any]]]:
    """Return the type, the name and the body of every object by its address, as a first deploy puts them."""
    client: Any = SimpleNamespace(subscription="0" * 8, region="westeurope", sandbox=True)  # nothing is called
    kinds = all_kinds(client)
    outputs: dict[Any, Any] = {CLOUD: Outputs(region="westeurope", subscription="0" * 8)}
    found: dict[str, tuple[str, str, dict[str, Any]]] = {}
    for node in order(graph.nodes.values()):
        kind, props = kinds[node.kind], resolve(node.props, outputs)
        if not isinstance(kind, Arm):  # a function has no body of its own
            continue
        id_ = kind.id(node, props)
        assert id_, node.address
        outputs[node.address] = Outputs(id=id_, name=kind.name(node))
        if node.owned:
            tags = {"tags": props["tags"]} if "tags" in props else {}
            found[node.address] = (type_of(id_), id_.rpartition("/")[2], {**kind.body(node, props), **tags})
    return found


def type_of(id_: str) -> str:
    """`/.../providers/Microsoft.Web/sites/x` -> `Microsoft.Web/sites`."""
    _, provider, rest = id_.rpartition("/providers/")
    if not provider:
        return "Microsoft.Resources/resourceGroups"
    namespace, *parts = rest.split("/")
    return "/".join((namespace, *parts[::2]))


@pytest.mark.parametrize("case", [*CASES, PORTABLE], ids=lambda path: path.name)
def test_bodies_are_what_arm_takes(case: Any) -> None:
    made = bodies(graph_of(case))
    wrong = {address: found for address, one in made.items() if (found := schemas.problems(*one))}
    assert wrong == {}
    unchecked = {one[0] for one in made.values() if schemas.problems(*one) is None}
    assert unchecked <= UNCHECKED


def test_a_wrong_body_is_seen() -> None:
    site = next(body for type_, _, body in bodies(graph_of(PORTABLE)).values() if type_ == "Microsoft.Web/sites")
    site["properties"]["functionAppConfig"]["runtime"]["name"] = "ruby"
    site["properties"]["httpOnly"] = True
    found = schemas.problems("Microsoft.Web/sites", "name", site)
    assert found
    assert re.search("httpOnly: no schema knows it", "\n".join(found))
    assert len(found) > 1
