// What something costs: web-standard Request in, Response out.
import prices from "./prices.json";

const known: Record<string, number> = prices;

export function handler(request: Request): Response {
  const sku = decodeURIComponent(new URL(request.url).pathname.split("/").pop() ?? "");
  const price = Object.hasOwn(known, sku) ? known[sku] : undefined;
  if (price === undefined) {
    return Response.json({ error: `no price for ${sku}` }, { status: 404 });
  }
  return Response.json({ sku, price, currency: "EUR" });
}
