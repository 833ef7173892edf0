// Starts AWS's runtime client; its own command prints a line of its own into every function's log.
import { run } from "aws-lambda-ric";

await run(process.cwd(), process.argv[2]);
