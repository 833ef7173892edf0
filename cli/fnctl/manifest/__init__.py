"""The manifest: read with positions, resolved for one stage and target, handed on as plain values."""
