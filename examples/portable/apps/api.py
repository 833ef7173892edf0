"""A FastAPI application, as it is written for any server."""

import gzip
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Cookie, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse

app = FastAPI(openapi_url=None)
SIGNS = "eyJhIjogMX0=.x/y+z:1=="
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@app.api_route("/api/seen", methods=METHODS)
async def seen(request: Request) -> dict[str, object]:
    body = await request.body()
    return {
        "method": request.method,
        "path": request.url.path,
        "query": request.query_params.multi_items(),
        "cookies": request.cookies,
        "type": request.headers.get("content-type"),
        "tags": [tag.strip() for tag in request.headers.get("x-tags", "").split(",")],
        "body": body.hex(),
    }


@app.get("/api/item/{rest:path}")
async def item(rest: str) -> dict[str, str]:
    return {"item": rest}


@app.get("/api/text")
async def text() -> PlainTextResponse:
    return PlainTextResponse("grüß dich, 世界")


@app.get("/api/bytes")
async def binary() -> Response:
    return Response(bytes(range(256)), media_type="application/octet-stream")


@app.get("/api/packed")
async def packed() -> PlainTextResponse:
    return PlainTextResponse(gzip.compress(b"packed by the handler"), headers={"content-encoding": "gzip"})


@app.post("/api/echo")
async def echo(request: Request) -> Response:
    return Response(await request.body(), media_type="application/octet-stream")


@app.get("/api/visit")
async def visit(seen: Annotated[str, Cookie()] = "0") -> Response:
    answer = JSONResponse({"visits": int(seen) + 1})
    answer.set_cookie("seen", str(int(seen) + 1), httponly=True)
    answer.headers.append("set-cookie", f"token={SIGNS}; Path=/")
    answer.set_cookie("until", "later", expires="Wed, 01 Jan 2031 00:00:00 GMT")
    return answer


@app.get("/api/moved")
async def moved() -> RedirectResponse:
    return RedirectResponse("/api/text?a=1&b=%20", status_code=303)


@app.delete("/api/gone", status_code=204)
async def gone() -> None:
    return None


@app.get("/api/refused")
async def refused() -> JSONResponse:
    return JSONResponse({"error": "no such colour"}, 422, headers={"x-reason": "colour"})


@app.get("/api/broken")
async def broken() -> None:
    raise RuntimeError("a password that nobody may see")


@app.get("/api/parts")
async def parts() -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        for number in range(3):
            yield f"line {number}\n"

    return StreamingResponse(lines(), media_type="text/plain")


@app.get("/api/large")
async def large() -> PlainTextResponse:
    return PlainTextResponse("0123456789abcdef" * 65536)
