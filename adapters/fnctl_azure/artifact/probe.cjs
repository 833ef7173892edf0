// Loads a Node app as its worker does: the core that the host lends is stood in for, and hears which functions are registered.

const Module = require("node:module");
const { pathToFileURL } = require("node:url");

const [, , root] = process.argv;
const found = [];
const core = {
  version: "1.0",
  hostVersion: "4",
  workerVersion: "4",
  registerFunction: (about) => (found.push(about.name), { dispose() {} }),
  registerHook: () => ({ dispose() {} }),
  setProgrammingModel() {},
  getProgrammingModel() {},
  log() {},
  Disposable: class {},
};
const load = Module._load;
Module._load = (name, ...rest) => (name === "@azure/functions-core" ? core : load(name, ...rest));

async function look() {
  const entry = (name) => import(pathToFileURL(`${root}/${name}`).href);
  try {
    await entry(require(`${root}/package.json`).main);
    return { functions: found, failed: (await entry("_fnctl.mjs")).failed, error: "" };
  } catch (error) {
    return { functions: [], failed: {}, error: String(error) };
  }
}

look().then((answer) => {
  process.stdout.write(`\nfnctl-index: ${JSON.stringify(answer)}\n`, () => process.exit(0)); // whatever a bundle has begun ends here
});
