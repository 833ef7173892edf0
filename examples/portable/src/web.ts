// The web's own Request and Response, as on any server that speaks fetch.

import { gzipSync } from "node:zlib";

const SIGNS = "eyJhIjogMX0=.x/y+z:1==";

export async function handler(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const [what, ...rest] = url.pathname.split("/").slice(2).map(decodeURIComponent);
  switch (what) {
    case "seen":
      return Response.json(await seen(request, url));
    case "item":
      return Response.json({ item: rest.join("/") });
    case "text":
      return new Response("grüß dich, 世界", { headers: { "content-type": "text/plain; charset=utf-8" } });
    case "bytes":
      return bytes(Uint8Array.from({ length: 256 }, (_, index) => index));
    case "packed":
      return packed();
    case "echo":
      return bytes(new Uint8Array(await request.arrayBuffer()));
    case "visit":
      return visit(Number(cookies(request).seen ?? "0") + 1);
    case "moved":
      return new Response(null, { status: 303, headers: { location: "/web/text?a=1&b=%20" } });
    case "gone":
      return new Response(null, { status: 204 });
    case "refused":
      return Response.json({ error: "no such colour" }, { status: 422, headers: { "x-reason": "colour" } });
    case "parts":
      return new Response(parts(), { headers: { "content-type": "text/plain; charset=utf-8" } });
    case "large":
      return new Response("0123456789abcdef".repeat(65536), { headers: { "content-type": "text/plain; charset=utf-8" } });
    case "broken":
      throw new Error("a password that nobody may see");
    case "unsendable":
      return unsendable();
    default:
      return Response.json({ error: "not found" }, { status: 404 });
  }
}

async function seen(request: Request, url: URL): Promise<unknown> {
  return {
    method: request.method,
    path: decodeURIComponent(url.pathname),
    query: [...url.searchParams],
    cookies: cookies(request),
    type: request.headers.get("content-type"),
    tags: (request.headers.get("x-tags") ?? "").split(",").map((tag) => tag.trim()),
    body: Buffer.from(await request.arrayBuffer()).toString("hex"),
  };
}

function cookies(request: Request): Record<string, string> {
  const pairs = (request.headers.get("cookie") ?? "").matchAll(/([^=; ]+)=(?:"([^"]*)"|([^;]*))/g);
  return Object.fromEntries([...pairs].map(([, name, quoted, bare]) => [name, quoted ?? bare]));
}

function bytes(body: Uint8Array): Response {
  return new Response(body, { headers: { "content-type": "application/octet-stream" } });
}

function packed(): Response {
  const headers = { "content-encoding": "gzip", "content-type": "text/plain; charset=utf-8" };
  return new Response(gzipSync("packed by the handler"), { headers });
}

async function unsendable(): Promise<Response> {
  const answer = new Response("once");
  await answer.text();
  return answer;
}

function visit(visits: number): Response {
  const answer = Response.json({ visits });
  answer.headers.append("set-cookie", `seen=${visits}; HttpOnly; Path=/`);
  answer.headers.append("set-cookie", `token=${SIGNS}; Path=/`);
  answer.headers.append("set-cookie", "until=later; Expires=Wed, 01 Jan 2031 00:00:00 GMT; Path=/");
  return answer;
}

function parts(): ReadableStream<Uint8Array> {
  const lines = [0, 1, 2].map((number) => new TextEncoder().encode(`line ${number}\n`));
  return new ReadableStream({
    pull(controller) {
      const line = lines.shift();
      if (line) controller.enqueue(line);
      else controller.close();
    },
  });
}
