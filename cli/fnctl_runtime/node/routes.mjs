// Matching a path against the manifest's routes, for fronts that send every request to one function and no path parameters.

/**
 * What the parts of the best route hold, undefined when no route fits. Literal parts beat `{name}`, a route that ends here
 * beats one that goes on, and `{rest*}` comes last.
 * @param {[method: string, path: string][]} routes
 * @param {string} method
 * @param {string} path decoded
 */
export function match(routes, method, path) {
  /** @type {{rank: number[], found: Record<string, string>} | undefined} */
  let best;
  for (const [verb, route] of routes) {
    const fit = verb === "ANY" || verb === method ? fitted(parts(route), parts(path), path.endsWith("/") ? "/" : "") : undefined;
    if (fit && (!best || beats(fit.rank, best.rank))) best = fit;
  }
  return best?.found;
}

/** @param {string} path */
function parts(path) {
  const inner = path.replace(/^\//, "").replace(/\/$/, "");
  return inner === "" ? [] : inner.split("/");
}

/** @param {number[]} one @param {number[]} other */
function beats(one, other) {
  const at = one.findIndex((rank, index) => rank !== (other[index] ?? -1));
  return at >= 0 && one[at] > (other[at] ?? -1);
}

/** @param {string[]} route @param {string[]} given @param {string} end a final slash, which belongs to the rest */
function fitted(route, given, end) {
  /** @type {Record<string, string>} */
  const found = {};
  const rank = [];
  for (const [index, part] of route.entries()) {
    if (part.startsWith("{") && part.endsWith("*}")) {
      found[part.slice(1, -2)] = given.slice(index).join("/") + (index < given.length ? end : "");
      return { rank: [...rank, 0], found };
    }
    if (index >= given.length) return undefined;
    if (part.startsWith("{")) found[part.slice(1, -1)] = given[index];
    else if (part !== given[index]) return undefined;
    rank.push(part.startsWith("{") ? 2 : 3);
  }
  return route.length === given.length ? { rank: [...rank, 1], found } : undefined;
}

/** Decodes a path once; a stray `%` is what it says, and bytes that are no UTF-8 become U+FFFD. @param {string} text */
export function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    const bytes = Buffer.from(text).toString("latin1").replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    return Buffer.from(bytes, "latin1").toString();
  }
}
