"""What was deployed, when and by whom: immutable releases, the intent of a run under way, and the lock."""
