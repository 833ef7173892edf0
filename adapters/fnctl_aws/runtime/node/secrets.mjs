// Secrets at cold start: read from their vault by reference, once, and put in the environment under their own names.

import { ask } from "./calls.mjs";

const BATCH = 10; // names in one GetParameters

/** @typedef {import("./calls.mjs").Environment} Environment */

/**
 * Sets `NAME` for each `NAME__REF`: `ssm:/PATH:VERSION` or `secretsmanager:NAME-OR-ARN:VERSION`.
 * @param {string[]} names @param {Environment} env
 */
export async function reveal(names, env) {
  /** @type {[string, string][]} */
  const parameters = [];
  /** @type {(() => Promise<void>)[]} */
  const reads = []; // each is a round trip that the first caller waits for: all at once
  for (const name of names) {
    const [, vault, reference] = /^(ssm|secretsmanager):(.+)$/.exec(env[`${name}__REF`] ?? "") ?? [];
    if (vault === "ssm") parameters.push([name, reference]);
    else if (vault) reads.push(() => secret(name, reference, env));
    else if (env[name] === undefined) {
      throw new Error(`secret ${name} has no reference: ${name}__REF is missing in the environment or is of no known form`);
    }
  }
  for (let start = 0; start < parameters.length; start += BATCH) reads.push(() => batch(parameters.slice(start, start + BATCH), env));
  await Promise.all(reads.map((read) => read()));
}

/** @param {[string, string][]} references @param {Environment} env */
async function batch(references, env) {
  const wanted = [...new Set(references.map(([, reference]) => reference))].sort();
  const names = references.map(([name]) => name).join(", ");
  const found = new Map();
  for (const parameter of (await read("ssm", "AmazonSSM.GetParameters", { Names: wanted, WithDecryption: true }, names, env)).Parameters ?? []) {
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
  const { SecretString: value } = await read("secretsmanager", "secretsmanager.GetSecretValue", asked, name, env);
  if (typeof value !== "string") throw new Error(`secret ${name} (secretsmanager:${reference}) is binary; a secret in the environment is text`);
  env[name] = value;
}

/** Takes a version off; an ARN has six colons of its own. @param {string} reference */
function split(reference) {
  const parts = reference.split(":");
  if (parts.length === 1 || (parts[0] === "arn" && parts.length === 7)) return [reference, ""];
  return [parts.slice(0, -1).join(":"), parts.at(-1) ?? ""];
}

/** @param {string} service @param {string} target @param {object} asked @param {string} names @param {Environment} env @returns {Promise<any>} */
async function read(service, target, asked, names, env) {
  try {
    return await ask(service, target, asked, env);
  } catch (error) {
    throw new Error(`cannot read secret ${names} from ${service}: ${/** @type {Error} */ (error).message}`);
  }
}
