// The way in that is not for everyone: crons, `fnctl invoke` and engines show the project's CRON_SECRET, as Vercel's crons do by themselves.

/** Only a call pays for loading it. */
const crypto = () => process.getBuiltinModule("node:crypto");

/** Answers a caller that does not know the secret; undefined for one that does. Where none is set nobody does. @param {Headers} headers */
export function refusedCaller(headers) {
  const secret = process.env.CRON_SECRET;
  if (!secret) console.error("CRON_SECRET is not set in the project: crons cannot be told from strangers, and are refused");
  const [given, wanted] = [headers.get("authorization") ?? "", `Bearer ${secret}`].map((text) => Buffer.from(text));
  if (secret && given.length === wanted.length && crypto().timingSafeEqual(given, wanted)) return undefined;
  return Response.json({ error: "not a caller of this project" }, { status: 401 });
}
