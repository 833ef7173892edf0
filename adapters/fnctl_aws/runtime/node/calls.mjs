// Asking AWS by hand, without its SDK: one signed `POST` of the JSON protocol, again where that helps.

/** Only a call pays for loading it. */
const crypto = () => process.getBuiltinModule("node:crypto");

const ATTEMPTS = 4;
const TIMEOUT = 2000; // for one attempt: Lambda's own init ends after ten seconds
const LATER = new Set([
  ...["ThrottlingException", "TooManyUpdates", "InternalServerError", "InternalServiceError", "ServiceUnavailable"],
  ...["ProvisionedThroughputExceededException", "RequestLimitExceeded"],
]);
const SDK_NAMES = /** @type {Record<string, string>} */ ({ ssm: "SSM", secretsmanager: "SECRETS_MANAGER", dynamodb: "DYNAMODB" });

/** @typedef {Record<string, string | undefined>} Environment */

/** AWS did not do it; `kind` is its own name for the reason, `answer` all that it said. */
export class CallError extends Error {
  /** @param {string} trouble @param {string} kind @param {any} answer */
  constructor(trouble, kind = "", answer = {}) {
    super(trouble);
    this.kind = kind;
    this.answer = answer;
  }
}

/**
 * Calls `target` (`AmazonSSM.GetParameters`) with `asked`, up to four times. `version` is the JSON protocol's.
 * @param {string} service @param {string} target @param {object} asked @param {Environment} env @param {string} [version] @returns {Promise<any>}
 */
export async function ask(service, target, asked, env, version = "1.1") {
  if (!env.AWS_ACCESS_KEY_ID || !env.AWS_SECRET_ACCESS_KEY) throw new CallError("no AWS credentials in the environment");
  const body = JSON.stringify(asked);
  let failure = new CallError("");
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (attempt) await new Promise((resolve) => setTimeout(resolve, (100 * 3 ** attempt) / 3));
    try {
      const response = await post(service, target, body, env, version);
      const answer = JSON.parse((await response.text()) || "{}");
      if (response.status === 200) return answer;
      const kind = String(answer.__type ?? "").split("#").at(-1) ?? "";
      failure = new CallError(`${response.status} ${kind}: ${answer.message ?? answer.Message ?? ""}`, kind, answer);
      if (response.status < 500 && !LATER.has(kind)) break;
    } catch (error) {
      const { message, cause } = /** @type {Error} */ (error);
      failure = new CallError(cause instanceof Error ? `${message}: ${cause.message}` : message);
    }
  }
  throw failure;
}

/** @param {string} service @param {string} target @param {string} body @param {Environment} env @param {string} version */
function post(service, target, body, env, version) {
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? "us-east-1";
  const url = new URL(endpoint(service, region, env));
  const headers = signedHeaders(env, { service, region, host: url.host, target, body, now: new Date(), version });
  return fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(TIMEOUT) });
}

/** Where a service answers, by the variables that every AWS SDK honours. @param {string} service @param {string} region @param {Environment} env */
function endpoint(service, region, env) {
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return env[`AWS_ENDPOINT_URL_${SDK_NAMES[service]}`] || env.AWS_ENDPOINT_URL || `https://${service}.${region}.${suffix}`;
}

/**
 * The headers of a signed `POST /` of the JSON protocol (Signature Version 4).
 * @param {Environment} env
 * @param {{service: string, region: string, host: string, target: string, body: string, now: Date, version: string}} request
 */
function signedHeaders(env, { service, region, host, target, body, now, version }) {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key, AWS_SESSION_TOKEN: token } = env;
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, "");
  /** @type {Record<string, string>} */
  const headers = { "content-type": `application/x-amz-json-${version}`, host, "x-amz-date": stamp, "x-amz-target": target };
  if (token) headers["x-amz-security-token"] = token;
  const names = Object.keys(headers).sort();
  const signed = names.join(";");
  const canonical = `POST\n/\n\n${names.map((name) => `${name}:${headers[name]}\n`).join("")}\n${signed}\n${sha256(body)}`;
  const scope = [stamp.slice(0, 8), region, service, "aws4_request"];
  const secretKey = scope.reduce((/** @type {string | Buffer} */ part, word) => crypto().createHmac("sha256", part).update(word).digest(), `AWS4${key}`);
  const text = `AWS4-HMAC-SHA256\n${stamp}\n${scope.join("/")}\n${sha256(canonical)}`;
  const signature = crypto().createHmac("sha256", secretKey).update(text).digest("hex");
  delete headers.host; // fetch sets it, from the same URL
  return { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${id}/${scope.join("/")}, SignedHeaders=${signed}, Signature=${signature}` };
}

/** @param {string} text */
function sha256(text) {
  return crypto().createHash("sha256").update(text).digest("hex");
}
