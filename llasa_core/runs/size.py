"""How much room something takes."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder; files that vanish meanwhile count nothing."""
    if path.is_symlink() or not path.is_dir():
        return _bytes(path)
    return sum(_bytes(os.path.join(place, name)) for place, _, files in os.walk(path) for name in files)  # noqa: PTH118


def _bytes(file: Path | str) -> int:
    with suppress(OSError):
        return os.lstat(file).st_size  # of a link: it takes no room
    return 0


def megabytes(size: int) -> str:
    """Write a size for people: `0.3 MB`, `274 MB`, `13.5 GB`."""
    if size < 10 * 10**6:
        return f"{size / 1e6:.1f} MB"
    return f"{size / 1e6:,.0f} MB" if size < 10**9 else f"{size / 1e9:,.1f} GB"
