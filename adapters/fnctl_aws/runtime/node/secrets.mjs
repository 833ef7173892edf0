// Secrets at cold start: read from their vault by reference, once, and put in the environment under their own names.

import { createHash, createHmac } from "node:crypto";

const BATCH = 10; // names in one GetParameters
const ATTEMPTS = 4;
const TIMEOUT = 2000; // for one attempt: Lambda's own init ends after ten seconds
const LATER = new Set(["ThrottlingException", "TooManyUpdates", "InternalServerError", "InternalServiceError", "ServiceUnavailable"]);
const SDK_NAMES = /** @type {Record<string, string>} */ ({ ssm: "SSM", secretsmanager: "SECRETS_MANAGER" });

/** @typedef {Record<string, string | undefined>} Environment */

/**
 * Sets `NAME` for each `NAME__REF`: `ssm:/PATH:VERSION` or `secretsmanager:NAME-OR-ARN:VERSION`.
 * @param {string[]} names @param {Environment} env
 */
export async function reveal(names, env) {
  /** @type {[string, string][]} */
  const parameters = [];
  for (const name of names) {
    const [, vault, reference] = /^(ssm|secretsmanager):(.+)$/.exec(env[`${name}__REF`] ?? "") ?? [];
    if (vault === "ssm") parameters.push([name, reference]);
    else if (vault) env[name] = await secret(name, reference, env);
    else if (env[name] === undefined) {
      throw new Error(`secret ${name} has no reference: ${name}__REF is missing in the environment or is of no known form`);
    }
  }
  for (let start = 0; start < parameters.length; start += BATCH) await batch(parameters.slice(start, start + BATCH), env);
}

/** @param {[string, string][]} references @param {Environment} env */
async function batch(references, env) {
  const wanted = [...new Set(references.map(([, reference]) => reference))].sort();
  const names = references.map(([name]) => name).join(", ");
  const found = new Map();
  for (const parameter of (await ask("ssm", "AmazonSSM.GetParameters", { Names: wanted, WithDecryption: true }, names, env)).Parameters ?? []) {
    const { Name, Selector = "", Version, Value } = parameter;
    const path = Selector && Name.endsWith(Selector) ? Name.slice(0, -Selector.length) : Name;
    for (const selector of [Selector, `:${Version}`, ""]) if (!found.has(path + selector)) found.set(path + selector, Value);
  }
  const missing = references.filter(([, reference]) => !found.has(reference));
  if (missing.length) throw new Error(`secret ${missing.map(([name, reference]) => `${name} (ssm:${reference})`).join(", ")} does not exist in that version`);
  for (const [name, reference] of references) env[name] = found.get(reference);
}

/** @param {string} name @param {string} reference @param {Environment} env */
async function secret(name, reference, env) {
  const [id, version] = split(reference);
  const asked = { SecretId: id, ...(version && { [version.length >= 32 ? "VersionId" : "VersionStage"]: version }) };
  const { SecretString: value } = await ask("secretsmanager", "secretsmanager.GetSecretValue", asked, name, env);
  if (typeof value !== "string") throw new Error(`secret ${name} (secretsmanager:${reference}) is binary; a secret in the environment is text`);
  return value;
}

/** Takes a version off; an ARN has six colons of its own. @param {string} reference */
function split(reference) {
  const parts = reference.split(":");
  if (parts.length === 1 || (parts[0] === "arn" && parts.length === 7)) return [reference, ""];
  return [parts.slice(0, -1).join(":"), parts.at(-1) ?? ""];
}

/** @param {string} service @param {string} target @param {object} asked @param {string} names @param {Environment} env @returns {Promise<any>} */
async function ask(service, target, asked, names, env) {
  if (!env.AWS_ACCESS_KEY_ID || !env.AWS_SECRET_ACCESS_KEY) throw new Error(`cannot read secret ${names}: no AWS credentials in the environment`);
  const body = JSON.stringify(asked);
  let trouble = "";
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (attempt) await new Promise((resolve) => setTimeout(resolve, (100 * 3 ** attempt) / 3));
    try {
      const response = await post(service, target, body, env);
      const answer = JSON.parse((await response.text()) || "{}");
      if (response.status === 200) return answer;
      const kind = String(answer.__type ?? "").split("#").at(-1) ?? "";
      trouble = `${response.status} ${kind}: ${answer.message ?? answer.Message ?? ""}`;
      if (response.status < 500 && !LATER.has(kind)) break;
    } catch (error) {
      const { message, cause } = /** @type {Error} */ (error);
      trouble = cause instanceof Error ? `${message}: ${cause.message}` : message;
    }
  }
  throw new Error(`cannot read secret ${names} from ${service}: ${trouble}`);
}

/** @param {string} service @param {string} target @param {string} body @param {Environment} env */
function post(service, target, body, env) {
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? "us-east-1";
  const url = new URL(endpoint(service, region, env));
  const headers = signedHeaders(env, { service, region, host: url.host, target, body, now: new Date() });
  return fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(TIMEOUT) });
}

/** Where a service answers, by the variables that every AWS SDK honours. @param {string} service @param {string} region @param {Environment} env */
function endpoint(service, region, env) {
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return env[`AWS_ENDPOINT_URL_${SDK_NAMES[service]}`] || env.AWS_ENDPOINT_URL || `https://${service}.${region}.${suffix}`;
}

/**
 * The headers of a signed `POST /` of the JSON 1.1 protocol (Signature Version 4).
 * @param {Environment} env
 * @param {{service: string, region: string, host: string, target: string, body: string, now: Date}} request
 */
export function signedHeaders(env, { service, region, host, target, body, now }) {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key, AWS_SESSION_TOKEN: token } = env;
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, "");
  /** @type {Record<string, string>} */
  const headers = { "content-type": "application/x-amz-json-1.1", host, "x-amz-date": stamp, "x-amz-target": target };
  if (token) headers["x-amz-security-token"] = token;
  const names = Object.keys(headers).sort();
  const signed = names.join(";");
  const canonical = `POST\n/\n\n${names.map((name) => `${name}:${headers[name]}\n`).join("")}\n${signed}\n${sha256(body)}`;
  const scope = [stamp.slice(0, 8), region, service, "aws4_request"];
  const secretKey = scope.reduce((/** @type {string | Buffer} */ part, word) => createHmac("sha256", part).update(word).digest(), `AWS4${key}`);
  const text = `AWS4-HMAC-SHA256\n${stamp}\n${scope.join("/")}\n${sha256(canonical)}`;
  const signature = createHmac("sha256", secretKey).update(text).digest("hex");
  delete headers.host; // fetch sets it, from the same URL
  return { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${id}/${scope.join("/")}, SignedHeaders=${signed}, Signature=${signature}` };
}

/** @param {string} text */
function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}
