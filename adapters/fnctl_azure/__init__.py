"""The adapter for azure."""
