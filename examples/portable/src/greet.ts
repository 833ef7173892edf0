// HTTP without a framework: a request in, a plain value out.

import { gzipSync } from "node:zlib";

const SIGNS = "eyJhIjogMX0=.x/y+z:1==";

/** What fnctl hands over; fnctl-runtime.d.ts describes it. */
interface FunctionRequest {
  method: string;
  path: string;
  pathParams: Record<string, string>;
  query: URLSearchParams;
  headers: Headers;
  cookies: Record<string, string>;
  body: Buffer;
}

export function handler(request: FunctionRequest): unknown {
  const { what, rest } = request.pathParams;
  switch (what) {
    case "seen":
      return seen(request);
    case "item":
      return { item: rest };
    case "text":
      return "grüß dich, 世界";
    case "bytes":
      return Uint8Array.from({ length: 256 }, (_, index) => index);
    case "packed":
      return packed();
    case "echo":
      return request.body;
    case "visit":
      return visit(Number(request.cookies.seen ?? "0") + 1);
    case "moved":
      return new Response(null, { status: 303, headers: { location: "/greet/text?a=1&b=%20" } });
    case "gone":
      return undefined;
    case "refused":
      return Response.json({ error: "no such colour" }, { status: 422, headers: { "x-reason": "colour" } });
    case "parts":
      return [0, 1, 2].map((number) => `line ${number}\n`).join("");
    case "large":
      return "0123456789abcdef".repeat(65536);
    case "broken":
      throw new Error("a password that nobody may see");
    case "unsendable":
      return unsendable();
    default:
      return Response.json({ error: "not found" }, { status: 404 });
  }
}

function seen({ method, path, query, cookies, headers, body }: FunctionRequest): unknown {
  const type = headers.get("content-type");
  const tags = (headers.get("x-tags") ?? "").split(",").map((tag) => tag.trim());
  return { method, path, query: [...query], cookies, type, tags, body: body.toString("hex") };
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
