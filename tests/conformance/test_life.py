"""The life that every adapter must live; each step is held against the platform's own listings and against what the deployed function answers."""

from __future__ import annotations

from conformance.driver import Driver, Project, met, until
from fakes.forked import Command


def test_made_left_alone_changed_brought_back_removed(project: Project, driver: Driver) -> None:
    wire = driver.wire
    refused = project.run("deploy", "--yes", code=1)
    assert "the secret TOKEN has no value" in refused.err
    assert "fnctl secret set TOKEN" in refused.err
    assert (wire.writes(), driver.left()) == ([], set()), "a deploy that was refused wrote"
    project.run("secret", "set", "TOKEN", stdin="the-secret-of-the-suite")
    wire.heal()
    empty = driver.left()
    planned = project.plan()
    assert {action for action, _ in planned} == {"create"}
    assert {"function/api", "function/worker"} <= {address for _, address in planned}
    assert (wire.writes(), driver.left()) == ([], empty), "a plan wrote"

    assert (project.deploy()["status"], project.answer()) == ("deployed", {"version": 1, "token": True})
    whole = driver.left()

    wire.heal()
    again = project.deploy()
    assert (again["status"], again["release"], wire.writes()) == ("unchanged", 1, [])

    project.write(2, extra=("more",))
    changes = project.plan()
    assert {("update", "function/api"), ("create", "function/more")} <= set(changes)
    assert not [(action, address) for action, address in changes if action in ("delete", "replace") or address.startswith("queue/")]
    changed = project.deploy()
    assert (changed["status"], changed["release"], project.answer()["version"]) == ("deployed", 2, 2)
    assert driver.left() > whole

    back = project.run("rollback", "--yes", "--output", "json").result()
    assert (back["status"], back["release"], back["restores"]) == ("restored", 3, 1)
    assert (project.answer(), driver.left()) == ({"version": 1, "token": True}, whole)
    history = project.run("history", "--output", "json").document()["releases"]
    assert [(one["release"], one["restores"]) for one in history] == [(3, 1), (2, None), (1, None)]

    assert project.run("destroy", "--yes", "--output", "json").result()["status"] == "destroyed"
    assert driver.left() == set()


def test_what_somebody_else_did_is_seen_and_healed_and_a_rename_keeps_what_is_there(project: Project, driver: Driver) -> None:
    project.first()
    whole = driver.left()
    missed = {driver.meddle("changed"), driver.meddle("removed")}
    driver.wire.heal()
    assert project.run("status", "--output", "json").document()["drift"] > 0
    assert missed <= {address for _, address in project.plan()}
    assert driver.wire.writes() == []
    project.deploy()
    assert driver.left() == whole

    project.write(worker="packer", renamed_from="worker")
    assert not [(action, address) for action, address in project.plan() if action in ("delete", "replace") and address.startswith("queue/")]
    project.deploy()
    assert {kind for kind, _ in driver.left()} == {kind for kind, _ in whole}
    assert len(driver.left()) == len(whole), "something stayed behind under the old name"
    assert project.plan() == []
    project.write()
    project.deploy()
    assert driver.left() == whole, "what leaves the manifest leaves the platform"


def test_an_expired_token_and_a_lock_that_is_held_stop_before_the_first_write(
    project: Project, driver: Driver, commands: tuple[Command, Command]
) -> None:
    project.first()
    project.write(2)
    driver.wire.heal()
    driver.wire.refusal, usual = driver.expired, driver.wire.refusal
    driver.wire.refuses = lambda _call: True
    refused = project.run("deploy", "--yes", code=8)
    driver.wire.refusal = usual
    assert "expired" in refused.err

    driver.wire.heal()
    driver.wire.cut("held", at=2)  # the first takes the lock
    first = project.start("deploy", "--yes")
    try:
        until(lambda: len(driver.wire.writes()) == 2)
        other = met(project.start("deploy", "--yes", command=commands[1]).wait(), 7, "deploy")
        assert "is deploying this service and stage" in other.err
        assert "fnctl unlock" in other.err
    finally:
        driver.wire.released.set()
        ended = first.wait()
    met(ended, 0, "deploy")
    assert project.answer()["version"] == 2


def test_a_token_that_ends_on_the_way_stops_the_run_and_the_next_goes_on(project: Project, driver: Driver) -> None:
    project.first()
    whole = driver.left()
    project.write(2)
    wire = driver.wire
    wire.heal()
    wire.refusal, usual = driver.expired, wire.refusal
    wire.refuses = lambda _call: any(driver.publishes(call) for call in wire.calls[:-1])
    stopped = project.run("deploy", "--yes", code=6)
    wire.refusal = usual
    wire.heal()
    assert "expired" in stopped.err
    assert f"fnctl deploy --target {driver.target}" in stopped.err
    assert (project.deploy()["status"], project.answer()["version"], driver.left()) == ("deployed", 2, whole)
    assert project.plan() == []
