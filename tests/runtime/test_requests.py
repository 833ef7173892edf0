"""Requests from every front of Lambda, through the whole shim, in both languages: one request comes out, one answer goes back."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from fnctl.manifest.model import Trigger
from runtime.lambdas import HERE, Lambda, node, python

ROUTES = (
    Trigger("http", "GET /orders/{id}", None, {"method": "GET", "path": "/orders/{id}"}, ()),
    Trigger("http", "ANY /{path*}", None, {"method": "ANY", "path": "/{path*}"}, ()),
)
PYTHON = """
def handler(request):
    names = "method path raw_path path_params cookies".split()
    seen = {name: getattr(request, name) for name in names}
    return {**seen, "query": request.query.pairs(), "body": request.body.hex(), "x-test": request.headers.get("X-TEST")}
"""
NODE = """
export function handler(request) {
  const { method, path, pathParams, cookies, body } = request;
  const query = [...request.query];
  return { method, path, path_params: pathParams, cookies, query, body: body.toString("hex"), "x-test": request.headers.get("X-TEST") };
}
"""
FETCH = """
export async function handler(request, { params }) {
  const url = new URL(request.url);
  const body = Buffer.from(await request.arrayBuffer()).toString("hex");
  const [method, raw_path, query] = [request.method, url.pathname, [...url.searchParams]];
  return Response.json({ method, raw_path, path_params: params, query, body, "x-test": request.headers.get("x-test") });
}
"""
ASGI = """
import json

async def handler(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("not mine")
    body = (await receive())["body"]
    headers = dict(scope["headers"])
    seen = {"method": scope["method"], "path": scope["path"], "raw_path": scope["raw_path"].decode(), "body": body.hex()}
    seen["x-test"] = headers[b"x-test"].decode() if b"x-test" in headers else None
    seen["event"] = "aws.event" in scope and scope["aws.context"].aws_request_id
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})
"""
WSGI = """
import json

def handler(environ, start_response):
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    path = environ["PATH_INFO"].encode("latin-1").decode()
    start_response("200 OK", [("Content-Type", "application/json")])
    yield json.dumps({"method": environ["REQUEST_METHOD"], "path": path, "body": body.hex(), "x-test": environ.get("HTTP_X_TEST")}).encode()
"""
INTERFACES = ("function", "asgi", "wsgi", "node function", "node fetch")


def made(interface: str, folder: Path, **options: Any) -> Lambda:
    options = {"triggers": ROUTES, **options}
    if interface.startswith("node"):
        return node(folder, interface.split()[1], NODE if interface.endswith("function") else FETCH, **options)
    return python(folder, interface, {"src/app.py": {"function": PYTHON, "asgi": ASGI, "wsgi": WSGI}[interface]}, **options)


def fixture(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "requests" / f"{name}.json").read_text())
    return found


@pytest.mark.parametrize("interface", INTERFACES)
def test_requests_of_every_front_arrive_alike(interface: str, tmp_path: Path) -> None:
    fixtures = [fixture(path.stem) for path in sorted((HERE / "requests").glob("*.json"))]
    outcome = made(interface, tmp_path).call(*(one["event"] for one in fixtures))
    for one, answer in zip(fixtures, outcome.answers, strict=True):
        assert answer["statusCode"] == 200
        seen = json.loads(answer["body"])
        expected = dict(one["expected"])
        if interface in ("function", "node function", "node fetch") and ".lambda-url." in json.dumps(one["event"]) and not expected["path_params"]:
            expected["path_params"] = {"path": expected["path"].strip("/")}
        assert {key: value for key, value in seen.items() if key in expected} == {key: value for key, value in expected.items() if key in seen}
        assert len(seen) >= 4


ANSWERS_PYTHON = """
import dataclasses, datetime, decimal
from fnctl_runtime import BadRequest, Response

@dataclasses.dataclass
class Order:
    id: str

ANSWERS = {
    "/value": {"a": [1, "é"]}, "/text": "hé", "/bytes": b"\\xff", "/none": None, "/status": (404, {"error": "who?"}), "/empty": (404, None),
    "/headers": (201, "made", {"Location": "/1", "Set-Cookie": ["a=1", "b=2"], "Content-Type": "text/html"}),
    "/response": Response("x", 418, [("x-a", "1"), ("x-a", "2")], cookies=["c=3; HttpOnly"]), "/pair": (1, 2),
    "/rich": {"d": decimal.Decimal("2"), "f": decimal.Decimal("2.5"), "t": datetime.date(2026, 1, 2), "o": Order("x")}, "/set": [{1}],
}

async def handler(request):
    if request.path == "/raise":
        raise RuntimeError("password=hunter2")
    if request.path == "/refuse":
        raise BadRequest("no such colour")
    if request.path == "/json":
        return request.json()
    return ANSWERS[request.path]
"""


def get(path: str, **more: Any) -> dict[str, Any]:
    event = json.loads(json.dumps(fixture("http-api")["event"]).replace("/orders/7", path))
    return {**event, **more}


def test_what_a_python_handler_may_answer(tmp_path: Path) -> None:
    paths = ["/value", "/text", "/bytes", "/none", "/status", "/empty", "/headers", "/response", "/pair", "/rich", "/set"]
    outcome = python(tmp_path, "function", {"src/app.py": ANSWERS_PYTHON}, triggers=()).call(*map(get, paths))
    answers = dict(zip(paths, outcome.answers, strict=True))
    assert answers["/value"] == {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": '{"a":[1,"é"]}',
        "isBase64Encoded": False,
    }
    assert answers["/text"]["headers"] == {"content-type": "text/plain; charset=utf-8"}
    assert answers["/text"]["body"] == "hé"
    assert (answers["/bytes"]["body"], answers["/bytes"]["isBase64Encoded"]) == (base64.b64encode(b"\xff").decode(), True)
    assert answers["/none"] == {"statusCode": 204, "headers": {}, "body": "", "isBase64Encoded": False}
    assert (answers["/status"]["statusCode"], answers["/status"]["body"]) == (404, '{"error":"who?"}')
    assert (answers["/empty"]["statusCode"], answers["/empty"]["body"]) == (404, "")
    assert answers["/headers"]["headers"] == {"location": "/1", "content-type": "text/html"}
    assert answers["/headers"]["cookies"] == ["a=1", "b=2"]
    assert answers["/response"]["statusCode"] == 418
    assert answers["/response"]["headers"] == {"content-type": "text/plain; charset=utf-8", "x-a": "1, 2"}
    assert answers["/response"]["cookies"] == ["c=3; HttpOnly"]
    assert answers["/pair"]["body"] == "[1,2]"
    assert json.loads(answers["/rich"]["body"]) == {"d": 2, "f": 2.5, "t": "2026-01-02", "o": {"id": "x"}}
    assert answers["/set"]["body"] == "[[1]]"


ANSWERS_NODE = """
export async function handler(request) {
  switch (request.path) {
    case "/value": return { a: [1, "é"] };
    case "/text": return "hé";
    case "/bytes": return new Uint8Array([255]);
    case "/buffer": return new Uint8Array([1, 255]).buffer;
    case "/none": return undefined;
    case "/response": return new Response("x", { status: 418, headers: [["x-a", "1"], ["x-a", "2"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]] });
    case "/json": return request.json();
    default: throw new Error("password=hunter2");
  }
}
"""


def test_what_a_node_handler_may_answer(tmp_path: Path) -> None:
    paths = ["/value", "/text", "/bytes", "/buffer", "/none", "/response"]
    outcome = node(tmp_path, "function", ANSWERS_NODE, triggers=()).call(*map(get, paths))
    answers = dict(zip(paths, outcome.answers, strict=True))
    assert answers["/value"] == {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": '{"a":[1,"é"]}',
        "isBase64Encoded": False,
    }
    assert answers["/text"]["body"] == "hé"
    assert (answers["/bytes"]["body"], answers["/bytes"]["isBase64Encoded"]) == ("/w==", True)
    assert answers["/buffer"]["body"] == "Af8="
    assert (answers["/none"]["statusCode"], answers["/none"]["body"]) == (204, "")
    assert (answers["/response"]["statusCode"], answers["/response"]["headers"]["x-a"]) == (418, "1, 2")
    assert answers["/response"]["cookies"] == ["a=1", "b=2"]


@pytest.mark.parametrize("language", ["python", "node"])
def test_an_exception_answers_500_without_details_and_is_logged(language: str, tmp_path: Path) -> None:
    function = python(tmp_path, "function", {"src/app.py": ANSWERS_PYTHON}) if language == "python" else node(tmp_path, "function", ANSWERS_NODE)
    outcome = function.call(get("/raise"), get("/json", body="{"))
    failed, refused = outcome.answers
    assert failed["statusCode"] == 500
    assert json.loads(failed["body"]) == {"error": "internal server error", "request_id": "JKJaXmPLvHcESHA="}
    assert refused["statusCode"] == 400
    assert json.loads(refused["body"])["error"].startswith("the body is not JSON: ")
    (error,) = (line for line in outcome.logs if line["level"] == "ERROR")
    assert error.items() >= {"msg": "request failed", "error": "password=hunter2", "path": "/raise", "request_id": "request-1"}.items()
    assert "handler" in error["stack"]


@pytest.mark.parametrize("language", ["python", "node"])
def test_each_front_gets_its_own_shape_back(language: str, tmp_path: Path) -> None:
    files = {"src/app.py": "def handler(request):\n    return 200, 'x', {'set-cookie': ['a=1', 'b=2'], 'x-a': '1'}\n"}
    bundle = "export const handler = () => new Response('x', { headers: [['set-cookie', 'a=1'], ['set-cookie', 'b=2'], ['x-a', '1']] });"
    function = python(tmp_path, "function", files, triggers=()) if language == "python" else node(tmp_path, "function", bundle, triggers=())
    balancer = fixture("load-balancer")["event"]
    many = {**balancer, "multiValueHeaders": {"host": ["lb.example.com"]}}
    rest, single, multiple = function.call(fixture("rest-api")["event"], balancer, many).answers
    assert rest["multiValueHeaders"]["set-cookie"] == ["a=1", "b=2"]
    assert rest["headers"]["x-a"] == "1"
    assert (single["headers"]["set-cookie"], "multiValueHeaders" in single) == ("b=2", False)
    assert (multiple["multiValueHeaders"]["set-cookie"], "headers" in multiple) == (["a=1", "b=2"], False)


@pytest.mark.parametrize("interface", ["function", "node function"])
def test_cookies_are_read_alike(interface: str, tmp_path: Path) -> None:
    sent = ['a="x, y"', "b=1", "a=2", "empty=", "no equals", " spaced = v ", "=nameless", 'half="', "t=a=b=="]
    (answer,) = made(interface, tmp_path).call({**fixture("http-api")["event"], "cookies": sent}).answers
    assert json.loads(answer["body"])["cookies"] == {"a": "x, y", "b": "1", "empty": "", "spaced": "v", "half": '"', "t": "a=b=="}


WRONG_PYTHON = """
import math
from fnctl_runtime import Response

def handler(request):
    if request.path == "/nan":
        return {"mean": math.nan}
    if request.path == "/status":
        return Response("x", 42)
    return Response("x", 200, {"location": request.query["to"]}, ["to=" + request.query["to"]])
"""
WRONG_NODE = """
export function handler(request) {
  if (request.path === "/status") return new Response("x", { status: 42 });
  if (request.path === "/half") return new Response(new ReadableStream({ pull(controller) { controller.error(new Error("the source is gone")); } }));
  return new Response("x", { headers: { location: request.query.get("to") } });
}
"""


@pytest.mark.parametrize("language", ["python", "node"])
def test_an_answer_that_cannot_be_sent_is_a_500(language: str, tmp_path: Path) -> None:
    files = {"src/app.py": WRONG_PYTHON}
    function = python(tmp_path, "function", files, triggers=()) if language == "python" else node(tmp_path, "function", WRONG_NODE, triggers=())
    split = get("/line", rawQueryString="to=%2Fhome%0D%0Aset-cookie%3A%20admin%3D1")
    outcome = function.call(get("/nan" if language == "python" else "/half"), split, get("/status"), get("/line", rawQueryString="to=%2Fhome"))
    assert [answer["statusCode"] for answer in outcome.answers] == [500, 500, 500, 200]
    assert [line["msg"] for line in outcome.logs if line["level"] == "ERROR"] == ["request failed"] * 3


@pytest.mark.parametrize("interface", ["function", "node function"])
def test_a_function_url_answers_404_where_no_route_is(interface: str, tmp_path: Path) -> None:
    function = made(interface, tmp_path, triggers=ROUTES[:1])
    known, unknown, method = fixture("url-params")["event"], fixture("url")["event"], fixture("url-params")["event"]
    unknown["rawPath"] = "/other"
    method["requestContext"]["http"]["method"] = "POST"
    assert [answer["statusCode"] for answer in function.call(known, unknown, method).answers] == [200, 404, 404]


@pytest.mark.parametrize("interface", INTERFACES)
def test_an_event_is_no_http_request(interface: str, tmp_path: Path) -> None:
    queue = json.loads((HERE / "events" / "queue.json").read_text())["event"]
    (call,) = made(interface, tmp_path).call(queue).calls
    assert call["message"] == f"sink is of interface `{interface.split()[-1]}`, and was sent an event (records)"


UNSENDABLE = [
    ("({ ok: true })", "a fetch handler answers with a Response, and this one answered with object"),
    ("Response.error()", "the answer is a network error, Response.error()"),
    ("new Response('x').text().then(() => used)", "the body of the answer has been read already"),
]


@pytest.mark.parametrize(("answer", "why"), UNSENDABLE)
def test_a_fetch_handler_whose_answer_cannot_be_sent_is_a_500(answer: str, why: str, tmp_path: Path) -> None:
    bundle = f"const used = new Response('x');\nawait used.text();\nexport const handler = () => {answer};"
    outcome = node(tmp_path, "fetch", bundle).call(get("/x"))
    assert outcome.answers[0]["statusCode"] == 500
    assert outcome.logs[0]["error"] == why


def test_an_application_object_with_fetch_is_called(tmp_path: Path) -> None:
    bundle = "class App { greeting = 'hi'; fetch() { return new Response(this.greeting); } }\nexport const app = new App();"
    assert node(tmp_path, "fetch", bundle, "app").call(get("/x")).answers[0]["body"] == "hi"
