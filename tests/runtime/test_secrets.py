"""Secrets at cold start, against a vault on loopback that recomputes every signature with botocore."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from runtime.lambdas import Lambda, node, python

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "a/token+of=a role",
}
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:paid-AbCdEf"
PARAMETERS = {f"/fnctl/orders/dev/S{n}": {"3": f"value {n} é"} for n in range(12)}
SECRETS: dict[str, dict[Any, str]] = {
    "/fnctl/orders/dev/KEY": {"a" * 32: "hush", "AWSPREVIOUS": "old"},
    ARN: {None: "by arn", "b" * 36: "by version"},
}


class Vault(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.faults: list[tuple[int, str]] = []
        self.trouble: list[str] = []


class Handler(BaseHTTPRequestHandler):
    @property
    def vault(self) -> Vault:
        assert isinstance(self.server, Vault)
        return self.server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        target = self.headers["X-Amz-Target"]
        self.vault.asked.append((target, json.loads(body)))
        if self.vault.faults:
            self.reply(*self.vault.faults.pop(0))
        elif trouble := self.signature_trouble(body):
            self.vault.trouble.append(trouble)
            self.reply(400, "InvalidSignatureException")
        else:
            self.send(200, ANSWERS[target](json.loads(body)))

    def signature_trouble(self, body: bytes) -> str | None:
        fields = dict(part.strip().split("=", 1) for part in self.headers["Authorization"].removeprefix("AWS4-HMAC-SHA256").split(","))
        key, stamp, region, service, _ = fields["Credential"].split("/")
        signed = {name: self.headers[name] for name in fields["SignedHeaders"].split(";")}
        request = AWSRequest("POST", f"http://{self.headers['Host']}/", headers=signed, data=body)
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        signer = SigV4Auth(Credentials(key, KEYS["AWS_SECRET_ACCESS_KEY"]), service, region)
        canonical = signer.canonical_request(request)
        expected = signer.signature(signer.string_to_sign(request, canonical), request)
        wanted = {"host", "x-amz-date", "x-amz-target", "content-type", "x-amz-security-token"}
        if service != self.headers["X-Amz-Target"].partition(".")[0].removeprefix("Amazon").lower() or region != "eu-west-1":
            return f"scope {fields['Credential']}"
        if not wanted <= set(signed) or stamp != self.headers["X-Amz-Date"][:8]:
            return f"signed {sorted(signed)}"
        return None if fields["Signature"] == expected else f"signature of\n{canonical}"

    def reply(self, status: int, kind: str) -> None:
        self.send(status, {"__type": f"com.amazonaws#{kind}", "message": "because"})

    def send(self, status: int, answer: dict[str, Any]) -> None:
        payload = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def parameters(asked: dict[str, Any]) -> dict[str, Any]:
    assert asked["WithDecryption"] is True
    assert len(asked["Names"]) <= 10
    found = []
    for name in asked["Names"]:
        path, _, version = name.rpartition(":")
        if value := PARAMETERS.get(path, {}).get(version):
            found.append({"Name": path, "Type": "SecureString", "Value": value, "Version": int(version), "Selector": f":{version}"})
    return {"Parameters": found, "InvalidParameters": []}


def secret(asked: dict[str, Any]) -> dict[str, Any]:
    return {"SecretString": SECRETS[asked["SecretId"]][asked.get("VersionId") or asked.get("VersionStage")]}


ANSWERS = {"AmazonSSM.GetParameters": parameters, "secretsmanager.GetSecretValue": secret}


@pytest.fixture
def vault() -> Iterator[Vault]:
    server = Vault()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


LANGUAGES = ("python", "node")


def made(language: str, folder: Path, *names: str) -> Lambda:
    if language == "python":
        # At import, not in the handler: the values are there before the author's module is.
        text = f"import os\nSEEN = [os.environ.get(n) for n in {list(names)}]\ndef handler(event):\n    return SEEN\n"
        return python(folder, "event", {"src/app.py": text}, secrets=names)
    return node(folder, "event", f"const seen = {list(names)}.map((n) => process.env[n] ?? null);\nexport const handler = () => seen;", secrets=names)


def environment(vault: Vault, **more: str) -> dict[str, str]:
    return {**KEYS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{vault.server_port}", **more}


@pytest.mark.parametrize("language", LANGUAGES)
def test_parameters_are_read_ten_at_a_time_before_the_handler_is_imported(language: str, tmp_path: Path, vault: Vault) -> None:
    names = tuple(f"S{n}" for n in range(12))
    env = environment(vault, **{f"{name}__REF": f"ssm:/fnctl/orders/dev/{name}:3" for name in names})
    outcome = made(language, tmp_path, *names).call({}, {}, env=env)
    assert outcome.answers == [[f"value {n} é" for n in range(12)]] * 2
    assert vault.trouble == []
    assert sorted(len(asked["Names"]) for _, asked in vault.asked) == [2, 10]


@pytest.mark.parametrize("language", LANGUAGES)
def test_secrets_manager_by_name_by_arn_and_by_version(language: str, tmp_path: Path, vault: Vault) -> None:
    references = {
        "KEY": f"/fnctl/orders/dev/KEY:{'a' * 32}",
        "OLD": "/fnctl/orders/dev/KEY:AWSPREVIOUS",
        "PAID": ARN,
        "BOUGHT": f"{ARN}:{'b' * 36}",
    }
    env = environment(vault, **{f"{name}__REF": f"secretsmanager:{reference}" for name, reference in references.items()})
    assert made(language, tmp_path, *references).call({}, env=env).answers == [["hush", "old", "by arn", "by version"]]
    assert vault.trouble == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_throttling_is_waited_out(language: str, tmp_path: Path, vault: Vault) -> None:
    vault.faults = [(400, "ThrottlingException"), (503, "ServiceUnavailable")]
    assert made(language, tmp_path, "S1").call({}, env=environment(vault, S1__REF="ssm:/fnctl/orders/dev/S1:3")).answers == [["value 1 é"]]
    assert len(vault.asked) == 3


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("reference", "faults", "change", "message", "calls"),
    [
        ("ssm:/fnctl/orders/dev/S1:4", [], {}, "secret S1 (ssm:/fnctl/orders/dev/S1:4) does not exist in that version", 1),
        ("ssm:/fnctl/orders/dev/S1:3", [(400, "AccessDeniedException")], {}, "cannot read secret S1 from ssm: 400 AccessDeniedException: because", 1),
        ("ssm:/fnctl/orders/dev/S1:3", [], {"AWS_SECRET_ACCESS_KEY": "wrong"}, "cannot read secret S1 from ssm: 400 InvalidSignatureException", 1),
        ("ssm:/fnctl/orders/dev/S1:3", [], {"AWS_SECRET_ACCESS_KEY": ""}, "cannot read secret S1 from ssm: no AWS credentials in the environment", 0),
        ("", [], {}, "secret S1 has no reference: S1__REF is missing in the environment or is of no known form", 0),
    ],
)
def test_a_secret_that_cannot_be_read_is_named(
    language: str, tmp_path: Path, vault: Vault, reference: str, faults: list[tuple[int, str]], change: dict[str, str], message: str, calls: int
) -> None:
    vault.faults = list(faults)
    outcome = made(language, tmp_path, "S1").call({}, env=environment(vault, S1__REF=reference, **change))
    assert outcome.init is not None
    assert message in outcome.init
    assert len(vault.asked) == calls
    everything = outcome.init + "".join(outcome.lines)
    assert not any(value in everything for value in (*KEYS.values(), "value 1"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_vault_that_is_not_there_is_named(language: str, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**KEYS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "S1__REF": "ssm:/fnctl/orders/dev/S1:3"}
    init = made(language, tmp_path, "S1").call({}, env=env).init
    assert init is not None
    assert "cannot read secret S1 from ssm: " in init
    assert "REFUSED" in init.upper()
