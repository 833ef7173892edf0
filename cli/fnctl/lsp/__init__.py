"""The language server: what an editor asks about a manifest, answered by the same loader, schema and rules as `validate`."""
