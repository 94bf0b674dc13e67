"""Recordings that cannot be read as they are: in a device's own binary form, or without what the sensor measured.

They are told by their content and refused with what has to be done, instead of being passed over in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.data.known_files import KnownFile, known_file
from llasa_core.data.readers.actigraph import refuse_counts
from llasa_core.data.readers.beginnings import first_bytes, first_lines
from llasa_core.data.readers.dot import refuse_dot
from llasa_core.data.readers.geneactiv import refuse_epochs
from llasa_core.data.readers.reader import Format, Refused
from llasa_core.data.readers.shimmer import refuse_shimmer
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile

_TABLE_SUFFIXES = (".csv", ".tsv", ".txt")
_TABLES = (
    ("actigraph", refuse_counts),
    ("geneactiv", refuse_epochs),
    ("dot", refuse_dot),
    ("shimmer", refuse_shimmer),
)
"""By format: what returns why a table is of no use."""
_UNISENS = "unisens.xml"


def find_refused(files: Sequence[RawFile], options: ReadOptions) -> list[Refused]:
    """Return the recordings among files that cannot be read as they are, in the order of their names.

    A binary recording with its own conversion beside it, a table whose name begins alike, is not among them.
    """
    del options
    tables = {file.shown.with_suffix("") for file in files if file.shown.suffix.lower() in _TABLE_SUFFIXES}
    return [one for file in sorted(files) if (one := _refused(file, files, tables)) is not None]


def why_unreadable(files: Sequence[RawFile]) -> DataError | None:
    """Return what the first file is that is known to be no table, where nothing else can be read; None if none is."""
    for file in sorted(files):
        if known := known_file(first_bytes(file), file.name):
            return _not_a_table(file, known)
    return next((_json(file) for file in sorted(files) if first_bytes(file).lstrip()[:1] in {b"{", b"["}), None)


def _refused(file: RawFile, files: Sequence[RawFile], tables: set[Path]) -> Refused | None:
    if file.name.lower() == _UNISENS:
        beside = (other for other in files if other.shown.parent == file.shown.parent and other.name.endswith(".bin"))
        return Refused("movisens", (file, *beside), _unisens(file))
    if file.shown.suffix.lower() in _TABLE_SUFFIXES:
        lines = first_lines(file)
        reasons = ((name, why(file, lines)) for name, why in _TABLES)
        return next((Refused(name, (file,), error) for name, error in reasons if error is not None), None)
    known = known_file(first_bytes(file), file.name)
    if known is None or not known.is_recording or _is_converted(file, tables):
        return None
    return Refused("binary", (file,), _not_a_table(file, known))


def _is_converted(file: RawFile, tables: set[Path]) -> bool:
    stem = file.shown.with_suffix("")
    return any(table.parent == stem.parent and table.name.startswith(stem.name) for table in tables)


def _not_a_table(file: RawFile, known: KnownFile) -> DataError:
    return DataError(f"not a text file: it is {known.kind}", where=file.shown, fix=known.fix)


def _json(file: RawFile) -> DataError:
    return DataError("not a table: it is JSON", where=file.shown, fix="export the recording as CSV")


def _unisens(file: RawFile) -> DataError:
    return DataError(
        "not a table: it is a movisens recording (Unisens)",
        where=file.shown,
        fix="export `acc` and `angularrate` as CSV, with UnisensViewer",
    )


REFUSED = Format("auto", "recordings that other programs have to convert", find_refused)
"""Asked whenever no format is named."""
