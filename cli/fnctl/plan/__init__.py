"""The pure planner: desired and live in, changes out."""
