"""The adapter for aws."""
