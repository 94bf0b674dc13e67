"""What a format's reader is, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from llasa_core.data.read_options import FormatName, ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording
    from llasa_core.errors import DataError


class Unread(Protocol):
    """What a format's finder returns: files that belong together, not read yet. It is sent to other processes."""

    @property
    def format(self) -> str:
        """A name of `FormatName`."""

    @property
    def files(self) -> tuple[RawFile, ...]:
        """All files that will be read, the one that names it in messages first."""

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield what the files hold, one recording at a time.

        Raises:
            DataError: they cannot be read, or not beyond doubt.
        """


@dataclass(frozen=True)
class Refused:
    """Files that are known, and known to be of no use; reading them raises the reason."""

    format: str
    files: tuple[RawFile, ...]
    error: DataError

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Raise the reason.

        Raises:
            DataError: always.
        """
        del options
        raise self.error


@dataclass(frozen=True)
class Format:
    """A format whose recordings are found by what stands beside what, or by what the files begin with."""

    name: FormatName
    title: str
    """What people call it: `UCI HAPT`."""
    find: Callable[[Sequence[RawFile], ReadOptions], Sequence[Unread]]
    """Returns what it recognises among files, in the order of their names; nothing where it knows none. Files that no
    `Unread` names are left to other formats."""
