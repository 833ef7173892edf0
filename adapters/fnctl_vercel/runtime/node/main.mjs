// What Vercel calls. `fnctl build` puts this file, with all that it imports, at the function's root.

import { start } from "./entry.mjs";

export default await start(new URL("./", import.meta.url));
