// Starts Azurite with one difference: every storage account is there, with one key. The resource manager says which accounts exist.

const Accounts = require("azurite/dist/src/common/AccountDataStore").default;

const key1 = Buffer.from(process.env.FNCTL_AZURITE_KEY, "base64");
Accounts.prototype.getAccount = (name) => ({ name, key1 });

require("azurite/dist/src/azurite.js");

// Whoever started it holds the other end of its standard input: it ends with them, however they end.
process.stdin.resume().on("end", () => process.exit(0));
