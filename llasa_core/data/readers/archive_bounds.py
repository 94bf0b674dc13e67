"""What an archive may hold: how much, how deep, and under which names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from llasa_core.data.readers.archive_kinds import is_junk
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DEPTH = 3
"""Archives in one another; the deepest dataset that is known, RealWorld, has three."""
MAX_MEMBERS = 200_000
"""Files in one archive and all inside it; KU-HAR, which has most, holds 20,750."""
MAX_BYTES = 500_000_000_000
"""Unpacked size of an archive and all inside it; SHL, the largest, has about 100 GB."""
MAX_RATIO = 200
"""Times its own size that an archive may unpack to, above `ANY_RATIO_BYTES`; tables of numbers reach 20."""
ANY_RATIO_BYTES = 100_000_000
"""Up to this size a file of equal rows may shrink as far as it does."""
LONGEST_NAME = 4096


@dataclass(frozen=True)
class Member:
    """A file in an archive."""

    name: str
    """As the archive spells it."""
    shown: str
    """As messages name it: a relative path with forward slashes."""
    size: int
    """Bytes, unpacked."""


def checked_members(found: Iterable[Member], shown: Path, packed_size: int) -> dict[str, Member]:
    """Return the members that are no junk, by name.

    Raises:
        DataError: a name leads out of the archive or is there twice, or there is too much of anything.
    """
    members: dict[str, Member] = {}
    taken: set[str] = set()
    n_bytes = 0
    for number, member in enumerate(found):
        if number >= MAX_MEMBERS:
            raise too_many(shown)
        refuse_outside(member.name, shown, what="a file")
        n_bytes += member.size
        refuse_bomb(n_bytes, packed_size, shown)
        if member.shown.endswith("/") or is_junk(PurePosixPath(member.shown)):
            continue
        if member.shown in taken:
            raise refused(shown, f"two files named {member.shown}")
        taken.add(member.shown)
        members[member.name] = member
    return members


def refuse_bomb(n_bytes: int, packed_size: int, shown: Path) -> None:
    """Check what an archive unpacks to, or what of it was unpacked so far.

    Raises:
        DataError: it is more than `MAX_BYTES`, or more than `MAX_RATIO` times the archive.
    """
    is_bomb = n_bytes > ANY_RATIO_BYTES and n_bytes > MAX_RATIO * packed_size
    if is_bomb or n_bytes > MAX_BYTES:
        raise DataError(
            f"the archive has {_size(packed_size)} and would unpack to {_size(n_bytes)} or more: it may be a zip bomb",
            where=shown,
            fix="unpack it by hand if you trust it",
        )


def too_deep(shown: Path) -> DataError:
    """Return the refusal of an archive that lies in too many others."""
    return DataError(
        f"archives lie in one another more than {MAX_DEPTH} deep",
        where=shown,
        fix="unpack the outer ones by hand if you trust them",
    )


def too_many(shown: Path) -> DataError:
    """Return the refusal of an archive of too many files."""
    return DataError(
        f"the archive holds more than {MAX_MEMBERS:,} files", where=shown, fix="unpack it by hand if you trust it"
    )


def refuse_outside(name: str, shown: Path, *, what: str) -> None:
    """Check that a name in an archive stays below the archive.

    Raises:
        DataError: it does not.
    """
    parts = name.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts or re.match(r"[A-Za-z]:", name) or len(name) > LONGEST_NAME:
        raise refused(shown, f'{what} whose path leads out of it: "{name[:80]}"')


def refused(shown: Path, what: str) -> DataError:
    """Return the refusal of an archive for something in it."""
    return DataError(f"the archive holds {what}", where=shown, fix="unpack it by hand if you trust it")


def displayed(name: str) -> str:
    """Return a member's name as a relative path; some programs for Windows write backslashes."""
    forward = name.replace("\\", "/")
    return str(PurePosixPath(forward)) + ("/" if forward.endswith("/") else "")


def _size(n_bytes: int) -> str:
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= step:
            return f"{n_bytes / step:.3g} {unit}"
    return f"{n_bytes} bytes"
