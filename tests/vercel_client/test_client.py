"""The client over real sockets: who asks and for which team, what is tried again, and the words for what Vercel says."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aws_client.stub import RESET, Answer, Request, Stub, running, script
from fnctl.adapter import Where
from fnctl.errors import CloudError, CredentialsError, Exit, FnctlError, Unreachable
from fnctl_vercel import cloud
from fnctl_vercel.client import Client, connect
from fnctl_vercel.faults import Refused
from fnctl_vercel.place import place_of

TOKEN = "vca_verysecrettoken000"


def where(folder: Path, settings: dict[str, Any] | None = None, **environ: str) -> Where:
    return Where("shop", "prod", settings or {}, {"HOME": str(folder), **environ}, folder)


@contextmanager
def asking(folder: Path, *answers: Answer, **settings: Any) -> Iterator[tuple[Client, Stub]]:
    with running(script(*answers)) as stub:
        client = connect(where(folder, settings, VERCEL_TOKEN=TOKEN, FNCTL_VERCEL_ENDPOINT=stub.url))
        try:
            yield client, stub
        finally:
            client.close()


def said(value: object, status: int = 200, **headers: str) -> Answer:
    return Answer(status, json.dumps(value).encode(), headers)


def error(code: str, message: str, status: int, **more: Any) -> Answer:
    return said({"error": {"code": code, "message": message, **more}}, status)


def test_every_call_names_its_team_and_shows_the_token(tmp_path: Path) -> None:
    for team, scope in (("acme", "slug=acme"), ("team_1", "teamId=team_1")):
        with asking(tmp_path, said({}), team=team) as (client, stub):
            client.get("/v9/projects/shop")
            client.post("/v11/projects", {"name": "shop"})
            client.delete("/v9/projects/shop")
        assert [one.path.partition("?")[2] for one in stub.seen] == [scope] * 3
        assert {one.headers["authorization"] for one in stub.seen} == {f"Bearer {TOKEN}"}


def test_a_deployment_is_asked_without_the_token(tmp_path: Path) -> None:
    with asking(tmp_path, said({})) as (client, stub):
        client.ask(f"{stub.url}/orders", headers={"x-a": "b"})
    assert "authorization" not in stub.seen[0].headers
    assert stub.seen[0].path == "/orders"


def test_the_login_of_the_vendors_command_line_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    folder = tmp_path / ".local" / "share" / "com.vercel.cli"
    folder.mkdir(parents=True)
    (folder / "auth.json").write_text(json.dumps({"token": "from-login"}))
    (folder / "config.json").write_text(json.dumps({"currentTeam": "team_9"}))
    place = place_of(where(tmp_path))
    assert (place.token, place.scope) == ("from-login", {"teamId": "team_9"})
    assert place_of(where(tmp_path, {"team": "acme"})).scope == {"slug": "acme"}
    assert place_of(where(tmp_path, VERCEL_TOKEN="t", VERCEL_ORG_ID="team_3")).scope == {"teamId": "team_3"}
    (folder / "auth.json").write_text(json.dumps({"token": "old", "expiresAt": time.time() - 5}))
    with pytest.raises(CredentialsError, match="has run out"):
        place_of(where(tmp_path))


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("linux", {}, ".local/share"),
        ("linux", {"XDG_DATA_HOME": "{home}/data"}, "data"),
        ("darwin", {}, "Library/Application Support"),
        ("darwin", {"XDG_DATA_HOME": "{home}/data"}, "data"),
        ("win32", {"APPDATA": "{home}/Roaming"}, "Roaming/xdg.data"),
        ("win32", {}, "AppData/Roaming/xdg.data"),
    ],
)
def test_the_login_is_where_each_system_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, environ: dict[str, str], folder: str
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    kept = tmp_path / folder / "com.vercel.cli"
    kept.mkdir(parents=True)
    (kept / "auth.json").write_text('{"token": "from-login"}')
    assert place_of(where(tmp_path, None, **{name: value.format(home=tmp_path) for name, value in environ.items()})).token == "from-login"


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "there is no token"),
        ({"VERCEL_TOKEN": "t", "FNCTL_VERCEL_ENDPOINT": "http://example.com"}, "neither https nor on this machine"),
        ({"VERCEL_TOKEN": "t", "FNCTL_VERCEL_ENDPOINT": "ftp://127.0.0.1"}, "not an http or https URL"),
    ],
)
def test_what_cannot_be_opened_says_so(tmp_path: Path, environ: dict[str, str], message: str) -> None:
    with pytest.raises(FnctlError, match=message):
        place_of(where(tmp_path, None, **environ))


def test_a_limit_is_waited_out_and_a_long_one_is_told(tmp_path: Path) -> None:
    limited = said({"error": {"code": "too_many_requests", "message": "slow down"}}, 429, **{"retry-after": "1"})
    with asking(tmp_path, limited, said({"ok": True})) as (client, stub):
        assert client.get("/v2/user") == {"ok": True}
        assert stub.seen[1].at - stub.seen[0].at >= 1.0
    locked = said({"error": {"code": "api-upload-free", "message": "Too many requests"}}, 429, **{"retry-after": "36000"})
    with asking(tmp_path, locked) as (client, stub):
        with pytest.raises(CloudError, match="it ends in 10 h") as raised:
            client.get("/v2/user")
        assert len(stub.seen) == 1
        assert "goes on from there" in str(raised.value.diagnostics[0].help)


def test_an_error_of_the_platform_and_a_lost_answer_are_tried_again(tmp_path: Path) -> None:
    with asking(tmp_path, error("internal", "oops", 500), RESET, said({"ok": 1})) as (client, _):
        assert client.get("/v2/user") == {"ok": 1}


def test_what_must_not_happen_twice_is_asked_once(tmp_path: Path) -> None:
    with asking(tmp_path, RESET, said({})) as (client, stub):
        with pytest.raises(CloudError) as raised:
            client.post("/v13/deployments", {}, once=True)
        assert raised.value.unknown
        assert len(stub.seen) == 1


@pytest.mark.parametrize(
    ("answer", "team", "kind", "code", "words"),
    [
        (error("forbidden", "Not authorized", 403, invalidToken=True), "acme", CredentialsError, Exit.CREDENTIALS, "does not accept this token"),
        (error("unauthorized", "missing token", 401), "", CredentialsError, Exit.CREDENTIALS, "does not accept this token"),
        (error("forbidden", "Not authorized", 403), "acme", CredentialsError, Exit.CREDENTIALS, "in the team acme"),
        (error("payment_required", "blocked", 402), "", CloudError, Exit.FINDINGS, "plan or billing"),
        (error("bad_request", "Invalid request: `name` is missing", 400), "", Refused, Exit.FINDINGS, "`name` is missing"),
        (said("<html>", 404), "", Refused, Exit.FINDINGS, "status 404"),
    ],
)
def test_refusals_in_words(tmp_path: Path, answer: Answer, team: str, kind: type[FnctlError], code: Exit, words: str) -> None:
    with asking(tmp_path, answer, **({"team": team} if team else {})) as (client, _):
        with pytest.raises(kind, match=words) as raised:
            client.post("/v11/projects", {})
        assert raised.value.exit == code
        assert raised.value.diagnostics[0].help or kind is Refused


def test_no_refusal_shows_a_token(tmp_path: Path) -> None:
    with asking(tmp_path, error("bad_request", f"header Bearer {TOKEN} and {TOKEN} are odd", 400)) as (client, _), pytest.raises(Refused) as raised:
        client.get("/v2/user")
    assert TOKEN not in str(raised.value.diagnostics)
    assert TOKEN not in repr(place_of(where(tmp_path, VERCEL_TOKEN=TOKEN)))


def test_nobody_there_is_unreachable(tmp_path: Path) -> None:
    client = connect(where(tmp_path, VERCEL_TOKEN="t", FNCTL_VERCEL_ENDPOINT="http://127.0.0.1:9"))
    with pytest.raises(Unreachable, match=r"nothing answers at http://127\.0\.0\.1:9"):
        client.get("/v2/user")
    client.close()


def test_an_upload_says_its_digest_and_size(tmp_path: Path) -> None:
    path = tmp_path / "part"
    path.write_bytes(b"bytes")
    sha = hashlib.sha1(b"bytes").hexdigest()
    with asking(tmp_path, RESET, said({"urls": []})) as (client, stub):
        client.upload(path, sha, 5)
    assert [(one.headers["x-vercel-digest"], one.headers["content-length"], one.body) for one in stub.seen] == [(sha, "5", b"bytes")] * 2


def test_pages_are_followed(tmp_path: Path) -> None:
    def answer(request: Request) -> Answer:
        late = "until=7" in request.path
        return said({"deployments": [{"uid": "b" if late else "a"}], "pagination": {"next": None if late else 7}})

    with running(answer) as stub:
        client = connect(where(tmp_path, VERCEL_TOKEN="t", FNCTL_VERCEL_ENDPOINT=stub.url))
        assert [one["uid"] for one in client.pages("/v6/deployments", "deployments", limit="1")] == ["a", "b"]
        client.close()


@pytest.mark.parametrize(("status", "code"), [(403, "forbidden"), (404, "not_found")])
def test_a_wrong_team_is_a_matter_of_credentials(tmp_path: Path, status: int, code: str) -> None:
    with running(script(error(code, "no", status))) as stub, pytest.raises(CredentialsError, match="team"):
        cloud.connect(where(tmp_path, {"team": "stranger"}, VERCEL_TOKEN="t", FNCTL_VERCEL_ENDPOINT=stub.url))
