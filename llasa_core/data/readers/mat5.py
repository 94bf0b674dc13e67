"""Plain arrays and texts out of MATLAB 5 files, whatever else is in them, and whatever state they are in.

scipy's own reader ends the whole process over some damaged files (a segmentation fault in one of some hundred mutated
ones, scipy 1.17), so that nothing can be said of them; this one reads less, and checks every length first.

Source:
    "MAT-File Format", The MathWorks, level 5: a header of 128 bytes, then elements of type, length and data, padded to
    8 bytes; a variable is an element of elements, mostly compressed by zlib.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MAGIC = b"MATLAB 5.0 MAT-file"
HEADER_BYTES = 128
LARGEST_BYTES = 1 << 26
"""Of all variables of a file, unpacked."""
MOST_DIMENSIONS = 8
_MATRIX, _COMPRESSED = 14, 15
_CODES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""What numbers are stored as, by type of element."""
_UTF8, _UTF16 = (1, 2, 16), (3, 4, 17)
_CHAR, _NUMBERS = 4, range(6, 16)
"""Classes of variables: texts, and numbers of any kind; cells, structures, objects and sparse ones are passed over."""


class DamagedMatError(ValueError):
    """The file is no MATLAB 5 file, or not a whole one."""


class _Element(NamedTuple):
    kind: int
    data: memoryview


def read_mat5(content: bytes, wanted: Collection[str]) -> dict[str, np.ndarray | str]:
    """Return the variables of these names that are texts, or arrays of numbers.

    Args:
        content: the whole file.
        wanted: names; other variables are skipped.

    Returns:
        by name: a text, or float64 of the variable's shape.

    Raises:
        DamagedMatError: the file ends early, or says what cannot be.
    """
    order = {b"IM": "<", b"MI": ">"}.get(content[HEADER_BYTES - 2 : HEADER_BYTES])
    if not content.startswith(MAGIC[:10]) or order is None:
        raise DamagedMatError("no MATLAB 5 header")
    found: dict[str, np.ndarray | str] = {}
    budget = LARGEST_BYTES
    for element in _elements(memoryview(content)[HEADER_BYTES:], order):
        inner = element
        if element.kind == _COMPRESSED:
            inner = _inflated(element.data, budget, order)
            budget -= len(inner.data)
        if inner.kind == _MATRIX:
            found |= _variable(inner.data, wanted, order)
    return found


def _elements(data: memoryview, order: str) -> Iterator[_Element]:
    at = 0
    while at < len(data):
        if len(data) - at < 8:  # noqa: PLR2004 - type and length
            raise DamagedMatError("it ends within an element")
        kind, size = struct.unpack_from(f"{order}II", data, at)
        start = at + 8
        if kind >> 16:  # up to 4 bytes stand in the length's place
            kind, size, start = kind & 0xFFFF, kind >> 16, at + 4
            at += 8
        else:
            at = start + size + (0 if kind == _COMPRESSED else -size % 8)
        if start + size > len(data):
            raise DamagedMatError("it ends within an element")
        yield _Element(kind, data[start : start + size])


def _inflated(packed: memoryview, budget: int, order: str) -> _Element:
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, max(1, budget))
    except zlib.error as error:
        raise DamagedMatError(f"a variable cannot be unpacked: {error}") from error
    if not unpacker.eof:
        reason = f"its variables hold more than {LARGEST_BYTES:,} bytes" if len(data) >= budget else "it ends early"
        raise DamagedMatError(reason)
    element = next(_elements(memoryview(data), order), None)
    if element is None:
        raise DamagedMatError("a variable is empty")
    return element


def _variable(data: memoryview, wanted: Collection[str], order: str) -> dict[str, np.ndarray | str]:
    """Return name and value of a variable; nothing where it is not wanted, or of another kind."""
    parts = _elements(data, order)
    head = [next(parts, _Element(0, memoryview(b""))) for _ in range(3)]
    flags, dimensions, name = (element.data for element in head)
    if bytes(name).decode("latin-1") not in wanted:
        return {}
    if len(flags) < 4 or len(dimensions) % 4:  # noqa: PLR2004 - whole numbers of 4 bytes
        raise DamagedMatError("a variable has no shape")
    kind = struct.unpack_from(f"{order}I", flags)[0] & 0xFF
    shape = tuple(size for (size,) in struct.iter_unpack(f"{order}i", dimensions))
    values = next(parts, None)
    if values is None or kind not in {_CHAR, *_NUMBERS}:
        return {}
    if len(shape) > MOST_DIMENSIONS or min(shape, default=-1) < 0:
        raise DamagedMatError(f"a variable has the shape {shape}")
    value = _text(values, order) if kind == _CHAR else _array(values, shape, order)
    return {bytes(name).decode("latin-1"): value}


def _text(values: _Element, order: str) -> str:
    if values.kind in _UTF16:
        return bytes(values.data).decode("utf-16-le" if order == "<" else "utf-16-be", errors="replace")
    return bytes(values.data).decode("utf-8" if values.kind in _UTF8 else "latin-1", errors="replace")


def _array(values: _Element, shape: tuple[int, ...], order: str) -> np.ndarray:
    code = _CODES.get(values.kind)
    if code is None or len(values.data) != math.prod(shape) * np.dtype(code).itemsize:
        raise DamagedMatError(f"a variable of the shape {shape} holds {len(values.data)} bytes of type {values.kind}")
    return np.frombuffer(values.data, f"{order}{code}").astype(np.float64).reshape(shape, order="F")
