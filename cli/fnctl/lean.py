"""pathlib without what it brings along: for one method of paths, `as_uri`, Python before 3.13 loads a parser of URLs and one of IP addresses.

They take a sixth of a start of Python. So while pathlib is imported, a module that quotes later stands in the place of `urllib.parse`, and goes away
again: whoever imports urllib gets the real one.
"""

from __future__ import annotations

import sys
from types import ModuleType

TYPE_CHECKING = False  # as in __main__
if TYPE_CHECKING:
    from typing import Any

_NAMES = ("urllib", "urllib.parse")


def prepare() -> None:
    """Import pathlib, unless it or urllib is there already."""
    if sys.version_info >= (3, 13) or any(name in sys.modules for name in ("pathlib", *_NAMES)):
        return
    stands_in = ModuleType("urllib.parse")
    vars(stands_in)["quote_from_bytes"] = _quoted
    sys.modules.update(zip(_NAMES, (ModuleType("urllib"), stands_in), strict=True))
    try:
        __import__("pathlib")
    except ImportError:  # another pathlib, which wants more: it is imported as always
        sys.modules.pop("pathlib", None)
    finally:
        for name in _NAMES:
            del sys.modules[name]


def _quoted(*args: Any, **options: Any) -> str:
    from urllib.parse import quote_from_bytes

    return quote_from_bytes(*args, **options)
