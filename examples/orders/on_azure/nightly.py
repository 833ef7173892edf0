"""`src/nightly.py` on Azure, with the packages that this folder's requirements.txt names."""

from src.nightly import handler

__all__ = ["handler"]
