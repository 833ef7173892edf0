// What Azure Functions loads. `fnctl build` puts this file, with all that it imports, at the artifact's root.

import { start } from "./entry.mjs";

export { failed } from "./entry.mjs";

await start(new URL("./", import.meta.url));
