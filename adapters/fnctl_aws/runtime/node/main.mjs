// What Lambda calls. `fnctl build` puts this file, with all that it imports, at the artifact's root.

import { start } from "./entry.mjs";

export const handler = await start(new URL("./", import.meta.url));
