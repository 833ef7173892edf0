"""`src/worker.py` on Azure, with the packages that this folder's requirements.txt names."""

from src.worker import handler

__all__ = ["handler"]
