"""`src/nightly.py` on Vercel, where orders are kept elsewhere."""

from src.nightly import handler

__all__ = ["handler"]
