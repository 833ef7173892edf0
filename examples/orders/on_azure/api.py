"""`src/api.py` on Azure, with the packages that this folder's requirements.txt names."""

from src.api import handler

__all__ = ["handler"]
