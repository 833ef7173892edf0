"""The engine's life: deploy, again, change, roll back, destroy; and every fault at every call."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fakes.memory import Fault, Killed, MemoryKind, World, graph, place
from fnctl import pipeline
from fnctl.adapter import Cancel, Change, Phase, Run
from fnctl.apply.carry import look, remove
from fnctl.errors import CloudError, Exit, FnctlError, LockHeld
from fnctl.events import Event
from fnctl.graph import UNKNOWN, Address, Graph, Node, Ref, State
from fnctl.ledger import lock
from fnctl.plan.model import Plan

ONE = graph(api={"code": "v1", "table": "a"}, worker={})
TWO = graph(api={"code": "v2", "table": "a"}, mailer={})


def deploy(world: World, folder: Path, desired: Graph, **options: Any) -> pipeline.Result:
    later = options.pop("later", 0.0)
    return pipeline.make_live(place(world, folder, later=later), desired, show=options.pop("show", lambda _p: None), allow=frozenset(), **options)


def live(world: World) -> dict[str, Any]:
    return {f"{kind} {name}": thing["live"] for (kind, name), thing in sorted(world.objects.items())}


def fresh(folder: Path, desired: Graph) -> dict[str, Any]:
    """What a deploy into an empty world makes: the end state that every detour must reach."""
    world = World()
    deploy(world, folder / "fresh", desired)
    return live(world)


def test_first_deploy_makes_everything_and_records_it(tmp_path: Path) -> None:
    world = World()
    result = deploy(world, tmp_path, ONE)
    assert (result.status, result.exit, result.release) == ("deployed", Exit.OK, 1)
    assert result.outputs == {"api": {"id": "arn:function:shop-api"}, "worker": {"id": "arn:function:shop-worker"}}
    assert live(world)["function shop-api"] == {"code": "v1", "role": "arn:role:shop-api", "fixed": "a", "table": "arn:table:shop-api-data"}


def test_second_deploy_writes_nothing(tmp_path: Path) -> None:
    world = World()
    deploy(world, tmp_path, ONE)
    before = list(world.writes)
    result = deploy(world, tmp_path, ONE)
    assert (result.status, result.release) == ("unchanged", 1)
    assert world.writes == before


def test_what_the_build_could_not_try_is_said_where_something_changes(tmp_path: Path) -> None:
    world, notes = World(), list[tuple[str, ...]]()
    at = place(world, tmp_path)
    at.untried = ("api: not imported before upload",)
    for _ in range(2):
        pipeline.make_live(at, ONE, show=lambda plan: notes.append(plan.notes), allow=frozenset())
    assert at.untried[0] in notes[0]
    assert at.untried[0] not in notes[1]


def test_a_change_touches_what_changed_only(tmp_path: Path) -> None:
    world = World()
    deploy(world, tmp_path, ONE)
    world.writes.clear()
    result = deploy(world, tmp_path, graph(api={"code": "v2", "table": "a"}, worker={}))
    assert [w for w in world.writes if "/" in w and ".json" not in w] == ["prepare function/api", "switch function/api"]
    assert result.changes == {"create": 0, "update": 1, "replace": 0, "delete": 0, "unchanged": 6}


def test_what_leaves_the_manifest_goes_after_the_switch(tmp_path: Path) -> None:
    world = World()
    deploy(world, tmp_path, ONE)
    world.writes.clear()
    deploy(world, tmp_path, TWO)
    assert live(world) == fresh(tmp_path, TWO)
    first_delete = next(i for i, w in enumerate(world.writes) if w.startswith("delete trigger"))
    assert all(world.writes.index(w) < first_delete for w in world.writes if w.startswith("switch"))
    deleted = [w for w in world.writes if w.startswith("delete ") and ".json" not in w]
    assert deleted == ["delete trigger/worker/http/GET /worker", "delete function/worker", "delete function/worker/role"]


def test_rollback_restores_an_earlier_release_as_a_new_one(tmp_path: Path) -> None:
    world = World()
    deploy(world, tmp_path, ONE)
    deploy(world, tmp_path, TWO)
    earlier = place(world, tmp_path).ledger.release(1)
    assert earlier is not None
    result = deploy(world, tmp_path, earlier.graph, restores=1)
    assert (result.status, result.exit, result.release, result.restores) == ("restored", Exit.OK, 3, 1)
    assert live(world) == fresh(tmp_path, ONE)


def test_a_table_with_data_is_not_dropped_in_passing(tmp_path: Path) -> None:
    world = World()
    deploy(world, tmp_path, ONE)
    world.data.add("shop-api-data")
    with pytest.raises(FnctlError) as refused:
        deploy(world, tmp_path, graph(api={}))
    finding = refused.value.diagnostics[0]
    assert (finding.code, finding.message) == ("FN941", "table/api would lose its data (3 items)")
    assert "--allow-data-loss table/api" in (finding.help or "")
    agreed = pipeline.make_live(place(world, tmp_path), graph(api={}), show=lambda _p: None, allow=frozenset({"table/api"}))
    assert agreed.status == "deployed"
    assert "table shop-api-data" not in live(world)


def test_a_missing_secret_stops_before_the_first_write(tmp_path: Path) -> None:
    world = World()
    with pytest.raises(FnctlError) as refused:
        deploy(world, tmp_path, graph(api={"secret": "API_KEY"}))
    finding = refused.value.diagnostics[0]
    assert (finding.code, finding.message) == ("FN943", "the secret API_KEY has no value for the stage dev")
    assert world.writes == []


def test_a_fixed_field_replaces(tmp_path: Path) -> None:
    world = World()
    plans: list[Plan] = []
    deploy(world, tmp_path, ONE)
    deploy(world, tmp_path, graph(api={"table": "a", "fixed": "b"}, worker={}), show=plans.append)
    (made,) = plans
    assert [(c.action, c.address) for c in made.changes] == [("replace", "function/api"), ("update", "trigger/api/http/GET /api")]
    assert "delete function/api" in world.writes


def test_destroy_leaves_nothing(tmp_path: Path) -> None:
    world = World()
    deploy(world, tmp_path, ONE)
    world.data.add("shop-api-data")
    spot = place(world, tmp_path)
    view = look(spot, Graph({}))
    with lock.acquire(spot.ledger.store, patience=0, sleep=lambda _s: True) as held:
        ended = remove(spot, view, held.check, 4)
    assert (ended.status, live(world)) == ("destroyed", {})
    assert list(spot.ledger.store.list()) == []


def test_interrupt_stops_and_the_next_run_goes_on(tmp_path: Path) -> None:
    world = World()
    spot = place(world, tmp_path)

    def emit(event: Event) -> None:
        if event.type == "change" and event.data["status"] == "done":
            spot.session.cancel = Cancel.FINISH

    spot.run = type(spot.run)(emit, spot.run.cancel, spot.run.deadline, spot.run.sleep, spot.run.fetch)
    result = pipeline.make_live(spot, ONE, show=lambda _p: None, allow=frozenset())
    assert (result.status, result.exit) == ("stopped", Exit.INTERRUPTED)
    assert result.next == "fnctl deploy --target memory --stage dev"
    assert deploy(world, tmp_path, ONE).status == "deployed"
    assert live(world) == fresh(tmp_path, ONE)


def test_the_lock_of_a_living_run_is_respected(tmp_path: Path) -> None:
    world = World()
    spot = place(world, tmp_path)
    with lock.acquire(spot.ledger.store, patience=0, sleep=lambda _s: True), pytest.raises(LockHeld) as held:
        deploy(world, tmp_path, ONE)
    assert held.value.exit is Exit.LOCKED
    assert deploy(world, tmp_path, ONE).status == "deployed"


def _calls(folder: Path, first: Graph | None, then: Graph) -> int:
    world = World()
    if first is not None:
        deploy(world, folder, first)
    start = world.calls
    deploy(world, folder, then)
    return world.calls - start


@pytest.mark.parametrize("fault", ["refused", "lost", "killed"])
@pytest.mark.parametrize("first", [None, ONE], ids=["first", "update"])
def test_a_fault_at_every_call_converges(tmp_path: Path, fault: Fault, first: Graph | None) -> None:
    """Run with a fault at call n, run again: the same end state as without it, no orphan, the right exit code."""
    wanted = fresh(tmp_path, TWO)
    exits = set()
    for n in range(1, _calls(tmp_path / "count", first, TWO) + 1):
        world, folder = World(), tmp_path / f"{n}"
        if first is not None:
            deploy(world, folder, first)
        world.fault = (world.calls + n, fault)
        wrote = len(world.writes)
        try:
            result = deploy(world, folder, TWO)
        except (FnctlError, Killed):
            assert fault == "killed" or not [w for w in world.writes[wrote:] if ".json" not in w], f"call {n}: an error after the first write"
        else:
            exits.add(result.exit)
            if result.exit is Exit.RESTORED:
                assert live(world) == (fresh(folder, first) if first else {}), f"call {n}: restored means restored"
        world.fault = None
        again = deploy(world, folder, TWO, later=120.0)
        assert again.exit is Exit.OK, f"call {n}: {again}"
        assert live(world) == wanted, f"call {n}"
        assert place(world, folder).ledger.intent() is None, f"call {n}"
    assert exits == set() if fault == "killed" else Exit.RESTORED in exits


def test_a_failed_first_deploy_leaves_what_it_has_not_made(tmp_path: Path) -> None:
    world = World()
    deploy(world, tmp_path / "once", ONE)
    filled = ("table", "shop-api-data")
    restored = 0
    for at in range(10, 30):
        world.objects = {filled: world.objects[filled]}
        world.fault = (world.calls + at, "refused")
        with suppress(FnctlError):  # the ledger's own calls fail before anything is made
            if deploy(world, tmp_path / str(at), ONE).exit is Exit.RESTORED:
                restored += 1
                assert set(world.objects) == {filled}, at
    assert restored > 3


class Inside(MemoryKind):
    """Objects that lie in another one, and are found only by way of it; one of them cannot be made."""

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        return None if props["parent"] is UNKNOWN else super().read(node, props, hint, run)

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        if change.node.name == "second":
            message = "a policy forbids it"
            raise CloudError(message)
        return super().write(change, props, state, phase, run)


def test_what_a_failed_first_deploy_made_goes_out_of_what_was_there(tmp_path: Path) -> None:
    group = Node(Address("group"), "role", "group", {})
    first = Node(Address("table/first"), "inside", "first", {"parent": Ref(group.address, "arn")})
    second = Node(Address("table/second"), "inside", "second", {"parent": Ref(group.address, "arn")}, frozenset({first.address}))
    world = World({("role", "group"): {"live": {}}})
    spot = place(world, tmp_path)
    spot.cloud.kinds = {**spot.cloud.kinds, "inside": Inside(world, "inside")}
    result = pipeline.make_live(spot, Graph({n.address: n for n in (group, first, second)}), show=lambda _p: None, allow=frozenset())
    assert "prepare table/first" in world.writes
    assert (result.exit, set(world.objects)) == (Exit.RESTORED, {("role", "group")})


def test_what_a_kept_object_lies_in_is_kept(tmp_path: Path) -> None:
    role = Node(Address("account"), "role", "account", {})
    table = Node(Address("table/data"), "table", "data", {}, frozenset({role.address}), retain=True)
    nodes = {node.address: node for node in (role, table)}
    world = World()
    deploy(world, tmp_path, Graph({**nodes, **ONE.nodes}, ONE.outputs))
    result = deploy(world, tmp_path, ONE)
    assert set(result.kept) == {"account", "table/data"}
    assert {("role", "account"), ("table", "data")} <= set(world.objects)
