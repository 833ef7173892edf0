"""Requests on Vercel, through the deployment's routes and the platform's own runtime."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from http.client import HTTPConnection
from typing import Any

import pytest

from vercel.conftest import Deploy
from vercel.output import HOST, Failed, Output, python

PYTHON = """
import asyncio, logging, os, time
from fnctl_runtime import current

def handler(request):
    if request.query.get("slow"):
        time.sleep(0.6)
    logging.info("asked", extra={"path": request.path})
    logging.error("loud")
    env = {name: os.environ.get(name) for name in ("JOBS_QUEUE", "OTHER_FUNCTION", "KEY", "LOG")}
    left = current().remaining()
    return {"params": request.path_params, "id": request.id, "client": request.client, "scheme": request.scheme, "env": env, "left": round(left)}

async def later(request):
    await asyncio.sleep(0.6)
    logging.info("asked", extra={"path": request.path})
    return {"path": request.path}
"""
NODE = """
export async function handler(request, context) {
  if (request.query.has("slow")) await new Promise((done) => setTimeout(done, 600));
  console.info("asked", { path: request.path });
  console.error("loud");
  const env = Object.fromEntries(["JOBS_QUEUE", "OTHER_FUNCTION", "KEY", "LOG"].map((name) => [name, process.env[name]]));
  return { params: request.pathParams, id: request.id, client: "192.0.2.1", scheme: "https", env, left: Math.round(context.remaining() / 1000) };
}
"""
MANIFEST = """
secrets: [KEY]
resources: {{ jobs: {{ type: queue }} }}
functions:
  api:
    handler: {handler}
    runtime: {runtime}
    interface: function
    timeout: 20s
    env: {{ LOG: debug }}
    secrets: [KEY]
    uses: {{ jobs: send, other: invoke }}
    triggers: [{{ http: "GET /items/{{id}}" }}, {{ http: "GET /later" }}]
  other: {{ handler: other.py:handler, triggers: [{{ http: GET /other }}] }}
"""
OTHER = "def handler(request):\n    return None\n"


def served(deploy: Deploy, language: str, **env: str) -> Output:
    runtime, file, text = ("python3.13", "src/api.py", PYTHON) if language == "python" else ("nodejs22", "src/api.ts", NODE)
    manifest = MANIFEST.format(handler=f"{file}:handler", runtime=runtime)
    return deploy(manifest, {file: text, "other.py": OTHER}, {"KEY": "k", **env})


def lines(output: Output, function: str, count: int) -> list[tuple[str, dict[str, Any]]]:
    """Wait for lines, which may still be on their way to the platform."""
    server, until = output.server(function), time.monotonic() + 5
    while time.monotonic() < until and len(server.logs()) < count:
        time.sleep(0.01)
    return [(level, json.loads(line)) for level, line in server.lines if line.startswith("{")]


@pytest.mark.parametrize("language", ["python", "node"])
def test_a_function_finds_what_the_manifest_says(deploy: Deploy, language: str) -> None:
    output = served(deploy, language)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = output.ask("GET", "/items/caf%C3%A9?x=1", [("traceparent", trace), ("x-correlation-id", "c-9")])
    env = {"JOBS_QUEUE": "jobs", "OTHER_FUNCTION": f"https://{HOST}", "KEY": "k", "LOG": "debug"}
    identity = "fra1::iad1::c7s9k-1764000000000-0a1b2c3d4e5f"
    assert answer.json() == {"params": {"id": "café"}, "id": identity, "client": "192.0.2.1", "scheme": "https", "env": env, "left": 20}
    told = {line["msg"]: (level, line) for level, line in lines(output, "api", 2)}  # two streams, in whichever order they come
    (level, line), (loud, _) = told["asked"], told["loud"]
    about = {"service": "shop", "stage": "prod", "function": "api", "trace_id": trace.split("-")[1], "correlation_id": "c-9", "request_id": identity}
    assert line.items() >= {"msg": "asked", "level": "INFO", "path": "/items/café", **about}.items()
    assert (level, loud) == (("info", "error") if language == "python" else ("stdout", "stderr"))


@pytest.mark.parametrize("language", ["python", "node"])
def test_an_instance_takes_several_calls_at_once_and_their_lines_are_told_apart(deploy: Deploy, language: str) -> None:
    output = served(deploy, language)
    output.server("api")
    begun = time.monotonic()
    calls = [threading.Thread(target=output.ask, args=("GET", f"/items/{n}?slow=1", [("x-correlation-id", f"c-{n}")])) for n in range(3)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert time.monotonic() - begun < 1.5
    told = {line["path"]: line["correlation_id"] for _, line in lines(output, "api", 6) if line["msg"] == "asked"}
    assert told == {f"/items/{n}": f"c-{n}" for n in range(3)}


def test_a_coroutine_shares_the_platform_s_loop(deploy: Deploy) -> None:
    manifest = 'functions: { api: { handler: "src/api.py:later", triggers: [{ http: "GET /later/{n}" }] } }'
    output = deploy(manifest, {"src/api.py": PYTHON})
    output.server("api")
    begun, calls = time.monotonic(), [threading.Thread(target=output.ask, args=("GET", f"/later/{n}")) for n in range(12)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert time.monotonic() - begun < 2.5


@pytest.mark.parametrize("language", ["python", "node"])
def test_a_secret_that_is_not_there_stops_the_start_with_its_name(deploy: Deploy, language: str) -> None:
    output = served(deploy, language)
    output = Output(output.tree, {})
    with pytest.raises(Failed, match="secret KEY is not set in the project"):
        output.server("api")


def test_only_what_the_manifest_names_has_an_address(deploy: Deploy) -> None:
    output = served(deploy, "python")
    for method, path in (("POST", "/items/1"), ("GET", "/api"), ("GET", "/other/"), ("GET", "/items"), ("GET", "/_fnctl/api"), ("GET", "/")):
        expected = 204 if path == "/other/" else 404
        assert output.ask(method, path).status == expected, path


def test_a_platform_that_calls_instead_of_serving_gets_the_same_answer(deploy: Deploy) -> None:
    output = served(deploy, "python")
    folder, interpreter = output.tree / "functions/api.func", python()
    assert interpreter is not None
    config = json.loads((folder / ".vc-config.json").read_text())
    # vercel-runtime 0.24.1 (PyPI), vc_init.py: without a socket it exports `vc_handler`, which takes Lambda's form of a request
    payload = {"method": "GET", "path": "/items/7", "headers": {"host": HOST, "x-vercel-id": "id-1"}, "body": "", "encoding": "base64"}
    code = f"import json, vc__handler__python as it; print(json.dumps(it.vc_handler({{'body': {json.dumps(payload)!r}}}, None)))"
    env = {"PATH": "", "VERCEL_URL": HOST, "KEY": "k", **config["environment"]}
    done = subprocess.run([str(interpreter), "-s", "-c", code], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=True)
    *lines, answer = done.stdout.splitlines()
    found = json.loads(answer)
    assert (found["statusCode"], json.loads(found["body"])["params"]) == (200, {"id": "7"})
    assert [json.loads(line)["request_id"] for line in lines] == ["id-1"] * 2


def test_an_asgi_application_keeps_its_lifespan_and_its_stream(deploy: Deploy) -> None:
    code = """
import asyncio
begun = []

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        begun.append(1)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"first %d %s" % (len(begun), scope["path"].encode()), "more_body": True})
    await asyncio.sleep(0.5)
    await send({"type": "http.response.body", "body": b" last"})
"""
    output = deploy('functions: { api: { handler: "app.py:app", interface: asgi, triggers: [{ http: "ANY /{path*}" }] } }', {"app.py": code})
    connection = HTTPConnection("127.0.0.1", output.server("api").port, timeout=10)
    connection.request("GET", "/a/b")
    response = connection.getresponse()
    first, begun = response.read1(100), time.monotonic()
    assert (first, response.read(), time.monotonic() - begun > 0.3) == (b"first 1 /a/b", b" last", True)
    connection.close()


def test_a_fetch_handler_streams(deploy: Deploy) -> None:
    code = """
export const handler = { fetch() {
  const parts = ["first", " last"];
  return new Response(new ReadableStream({ async pull(control) {
    if (parts.length === 1) await new Promise((done) => setTimeout(done, 500));
    control.enqueue(new TextEncoder().encode(parts.shift()));
    if (!parts.length) control.close();
  } }));
} };
"""
    manifest = 'functions: { web: { handler: "web.ts:handler", runtime: nodejs22, interface: fetch, triggers: [{ http: "GET /" }] } }'
    output = deploy(manifest, {"web.ts": code})
    connection = HTTPConnection("127.0.0.1", output.server("web").port, timeout=10)
    connection.request("GET", "/")
    response = connection.getresponse()
    first, begun = response.read1(100), time.monotonic()
    assert (first, response.read(), time.monotonic() - begun > 0.3) == (b"first", b" last", True)
    connection.close()


def test_native_is_the_platform_s_own(deploy: Deploy) -> None:
    manifest = """
functions:
  one: { handler: "src/one.py:app", interface: native, triggers: [{ http: ANY /one }] }
  two: { handler: "two.ts:GET", runtime: nodejs22, interface: native, triggers: [{ http: ANY /two }] }
  three: { handler: "three.ts:default", runtime: nodejs22, interface: native, triggers: [{ http: ANY /three }] }
"""
    files = {
        "src/one.py": "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [environ['PATH_INFO'].encode()]\n",
        "two.ts": "export const GET = (request) => new Response(new URL(request.url).pathname);",
        "three.ts": "export default (request, response) => response.end(request.url);",
    }
    output = deploy(manifest, files)
    assert output.ask("GET", "/one").body == b"/one"
    assert output.ask("GET", "/two").body == b"/two"
    assert output.ask("GET", "/three?a=1").body == b"/three?a=1"


def test_browsers_may_ask_first(deploy: Deploy) -> None:
    manifest = """
functions:
  open: { handler: "other.py:handler", triggers: [{ http: { method: GET, path: /open, cors: true } }] }
  some:
    handler: other.py:handler
    triggers: [{ http: { method: PUT, path: "/some/{id}", cors: { origins: "https://shop.example", max_age: 1h } } }]
"""
    output = deploy(manifest, {"other.py": OTHER})
    asked = [("origin", "https://shop.example"), ("access-control-request-method", "PUT")]
    first = output.ask("OPTIONS", "/some/7", asked)
    assert (first.status, first.all("access-control-allow-origin")) == (204, ["https://shop.example"])
    assert (first.all("access-control-allow-methods"), first.all("access-control-max-age")) == (["PUT"], ["3600"])
    assert output.ask("OPTIONS", "/some/7", [("origin", "https://evil.example"), asked[1]]).all("access-control-allow-origin") == []
    assert output.ask("OPTIONS", "/some/7", asked[:1]).status == 404
    assert output.ask("PUT", "/some/7", asked[:1]).all("access-control-allow-origin") == ["https://shop.example"]
    assert output.ask("PUT", "/some/7", [("origin", "https://shopXexample")]).all("access-control-allow-origin") == []
    assert output.ask("GET", "/open", asked[:1]).all("access-control-allow-origin") == ["*"]
