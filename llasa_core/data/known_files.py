"""Files that are no text table, known by how they begin: what they are, and what makes a table of them."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

_AS_TABLE = "export its table as CSV"
_TIMETABLES = "export its tables as CSV; in MATLAB: `writetimetable(Acceleration, 'acc.csv')`"
_OTHER_ARCHIVE = "unpack it"
_MAT_HEADER = 128
"""Bytes before the first element of a MATLAB file."""
_MAT_COMPRESSED = 15
"""The type of an element that is packed."""
_LOOKED_INTO = 4096
"""Bytes of such an element that are unpacked; the class of what is stored stands at its beginning."""


class KnownFile(NamedTuple):
    """What a file is."""

    kind: str
    """As in `it is an HDF5 file`."""
    fix: str
    is_recording: bool = False
    """Whether a motion sensor wrote it, so that it is never left out in silence."""


_AXIVITY = KnownFile(
    "a recording of an Axivity (.cwa)",
    "convert it: `cwa-convert FILE.cwa -out FILE.csv`, or export it from OmGui",
    is_recording=True,
)
_GENEACTIV = KnownFile(
    "a recording of a GENEActiv (.bin), which has no gyroscope",
    "convert it to raw CSV in GENEActiv's PC software, and pass `--allow-missing gyro`",
    is_recording=True,
)
_ACTIGRAPH = KnownFile(
    "a recording of an ActiGraph (.gt3x), which has no gyroscope",
    "convert it in R: `gt3x2csv::gt3x_2_csv('FILE.gt3x', outdir = '.')`, and pass `--allow-missing gyro`",
    is_recording=True,
)
_MATRIX = KnownFile(
    "a recording of a Parmay Matrix (.BIN)",
    "convert it in R: `write.csv(GGIRread::readParmayMatrix('FILE.BIN', output = 'all', read_gyro = TRUE)$data, "
    "'FILE.csv', row.names = FALSE)`",
    is_recording=True,
)
_EMBRACE = KnownFile(
    "a recording of an Empatica EmbracePlus (.avro)",
    "convert it with the script in Empatica's article `How to access Avro files with Python`",
    is_recording=True,
)
_MATLAB_MOBILE = KnownFile(
    "a MATLAB file that holds timetables, as MATLAB Mobile writes", _TIMETABLES, is_recording=True
)
_PICKLE = KnownFile(
    "a Python pickle",
    "save its table as CSV where it was written: `pandas.read_pickle('FILE').to_csv('FILE.csv')`; "
    "to open one is to run it, so it is not read here",
)
_NUMPY_ARCHIVE = KnownFile("an archive of NumPy arrays (.npz)", "save its arrays as one table: `numpy.savetxt`")
_ANY_ZIP = KnownFile("a zip archive or an Excel workbook", "unpack it; in Excel, save the sheet as CSV")
_BEGINNINGS: tuple[tuple[bytes, KnownFile], ...] = (
    (b"MD\xfc\x03", _AXIVITY),
    (b"Device Identity", _GENEACTIV),
    (b"\x1f\x8b", KnownFile("a gzip archive", "unpack it: `gunzip FILE`")),
    (b"7z\xbc\xaf", KnownFile("a 7z archive", _OTHER_ARCHIVE)),
    (b"Rar!", KnownFile("a rar archive", _OTHER_ARCHIVE)),
    (b"\x89HDF", KnownFile("an HDF5 file", _TIMETABLES)),
    (b"MATLAB 7.3", KnownFile("a MATLAB file", _TIMETABLES)),
    (b"SQLite format 3", KnownFile("an SQLite database", f"{_AS_TABLE}: `sqlite3 -csv -header FILE 'select …'`")),
    (b"PAR1", KnownFile("a Parquet file", _AS_TABLE)),
    (b"ARROW1", KnownFile("an Arrow file", _AS_TABLE)),
    (b"Obj\x01", KnownFile("an Avro file", _AS_TABLE)),
    (b"\x93NUMPY", KnownFile("a NumPy array", "save it as CSV: `numpy.savetxt`")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", KnownFile("an Excel workbook (.xls)", "in Excel, save the sheet as CSV")),
    *((bytes([0x80, protocol]), _PICKLE) for protocol in range(2, 6)),
)
_MATRIX_REMARKS = 512
"""Bytes before the header of a Parmay Matrix."""


def known_file(head: bytes, name: str) -> KnownFile | None:
    """Return what a file is, if it is known and no text.

    Args:
        head: how it begins; 4 KB tell all.
        name: of the file; its suffix tells apart what is a zip inside.
    """
    if head.startswith(b"PK\x03\x04"):
        suffix = name.lower().rpartition(".")[2]
        return {"gt3x": _ACTIGRAPH, "npz": _NUMPY_ARCHIVE}.get(suffix, _ANY_ZIP)
    if head.startswith(b"MATLAB 5.0"):
        return _MATLAB_MOBILE if _holds_objects(head) else KnownFile("a MATLAB file", _TIMETABLES)
    if head[_MATRIX_REMARKS:].startswith(b"MDTC"):
        return _MATRIX
    if head.startswith(b"Obj\x01") and b"accelerometer" in head and b"rawData" in head:
        return _EMBRACE
    return next((known for magic, known in _BEGINNINGS if head.startswith(magic)), None)


def _holds_objects(head: bytes) -> bool:
    """Return whether a MATLAB file holds objects such as timetables, which MATLAB alone can read."""
    at = _MAT_HEADER
    while at + 8 < len(head):
        kind, size = struct.unpack_from("<II", head, at)
        element = head[at + 8 : at + 8 + size]
        if kind == _MAT_COMPRESSED:
            try:
                element = zlib.decompressobj().decompress(element, _LOOKED_INTO)
            except zlib.error:
                return False
        if b"MCOS" in element[:_LOOKED_INTO]:
            return True
        at += 8 + size
    return False
