"""Where results are kept that were measured once for a decoder and can be measured again at any time."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder(kind: str) -> Path:
    """A folder for one kind of kept results; it need not exist.

    It lies in `$WHEREFROM_CACHE` where that variable is set, else in `wherefrom` in the user's folder of caches, as the
    XDG base directory specification has it.

    Args:
        kind: the folder's name, as `nulls`.
    """
    own = os.environ.get("WHEREFROM_CACHE")
    if own:
        return Path(own) / kind
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wherefrom" / kind
