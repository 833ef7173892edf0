"""A Flask application, as it is written for any server."""

import gzip
from collections.abc import Iterator

from flask import Flask, Response, jsonify, redirect, request

app = Flask(__name__)
SIGNS = "eyJhIjogMX0=.x/y+z:1=="
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@app.route("/shop/seen", methods=METHODS)
def seen() -> Response:
    return jsonify(
        method=request.method,
        path=request.path,
        query=list(request.args.items(multi=True)),
        cookies=request.cookies,
        type=request.headers.get("content-type"),
        tags=[tag.strip() for tag in request.headers.get("x-tags", "").split(",")],
        body=request.get_data().hex(),
    )


@app.get("/shop/item/<path:rest>")
def item(rest: str) -> Response:
    return jsonify(item=rest)


@app.get("/shop/text")
def text() -> Response:
    return Response("grüß dich, 世界", mimetype="text/plain")


@app.get("/shop/bytes")
def binary() -> Response:
    return Response(bytes(range(256)), mimetype="application/octet-stream")


@app.get("/shop/packed")
def packed() -> Response:
    return Response(gzip.compress(b"packed by the handler"), headers={"content-encoding": "gzip"}, mimetype="text/plain")


@app.post("/shop/echo")
def echo() -> Response:
    return Response(request.get_data(), mimetype="application/octet-stream")


@app.get("/shop/visit")
def visit() -> Response:
    visits = int(request.cookies.get("seen", "0")) + 1
    answer = jsonify(visits=visits)
    answer.set_cookie("seen", str(visits), httponly=True)
    answer.headers.add("set-cookie", f"token={SIGNS}; Path=/")
    answer.set_cookie("until", "later", expires="Wed, 01 Jan 2031 00:00:00 GMT")
    return answer


@app.get("/shop/moved")
def moved() -> Response:
    return redirect("/shop/text?a=1&b=%20", 303, Response)


@app.delete("/shop/gone")
def gone() -> tuple[str, int]:
    return "", 204


@app.get("/shop/refused")
def refused() -> Response:
    answer = jsonify(error="no such colour")
    answer.status_code = 422
    answer.headers["x-reason"] = "colour"
    return answer


@app.get("/shop/broken")
def broken() -> None:
    raise RuntimeError("a password that nobody may see")


@app.get("/shop/parts")
def parts() -> Response:
    def lines() -> Iterator[str]:
        for number in range(3):
            yield f"line {number}\n"

    return Response(lines(), mimetype="text/plain")


@app.get("/shop/large")
def large() -> Response:
    return Response("0123456789abcdef" * 65536, mimetype="text/plain")
