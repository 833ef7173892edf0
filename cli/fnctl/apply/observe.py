"""Look at the platform: read every node that should be there or was there, parents first, wide in parallel."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.adapter import Kind, Run
from fnctl.apply.walk import walk
from fnctl.graph import CLOUD, Address, Json, Node, State, resolve
from fnctl.plan.planner import Seen


def observe(
    nodes: Mapping[Address, Node],
    kinds: Mapping[str, Kind],
    cloud: Mapping[str, Json],
    *,
    hints: Mapping[Address, str],
    run: Run,
    parallel: int,
) -> Seen:
    """Read the state of every node. `hints` are the recorded ids. Raises what the platform raises; reads only."""
    states: dict[Address, State] = {}
    outputs: dict[Address, Mapping[str, Json]] = {CLOUD: cloud}

    def read(address: Address) -> bool:
        node = nodes[address]
        state = kinds[node.kind].read(node, resolve(node.props, outputs), hints.get(address), run)
        if state is not None:
            outputs[address] = state.outputs
            states[address] = state
        return True

    walk({address: node.edges() for address, node in nodes.items()}, read, parallel=parallel)
    return Seen({address: states[address] for address in nodes if address in states}, cloud)
