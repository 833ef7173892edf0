"""Schemas and data tables, read by name."""
