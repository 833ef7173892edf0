"""What makes a portable handler run on Lambda. `recipe` stays on the author's machine, all else is shipped in the artifact."""
