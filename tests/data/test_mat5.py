from __future__ import annotations

import io
import random
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from llasa_core.data.readers import mat5
from llasa_core.data.readers.mat5 import DamagedMatError, read_mat5

HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"


def saved(*, compressed: bool = False, **variables: Any) -> bytes:
    stream = io.BytesIO()
    savemat(stream, variables, do_compression=compressed)
    return stream.getvalue()


def element(kind: int, data: bytes) -> bytes:
    padding = b"" if kind == 15 else b"\0" * (-len(data) % 8)
    return struct.pack("<II", kind, len(data)) + data + padding


def variable(shape: tuple[int, ...], values: bytes, kind: int = 9) -> bytes:
    head = element(6, struct.pack("<II", 6, 0)) + element(5, struct.pack(f"<{len(shape)}i", *shape)) + element(1, b"x")
    return element(14, head + element(kind, values))


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    "array", [np.arange(12.0).reshape(3, 4), np.arange(6, dtype=np.int16).reshape(1, 2, 3), np.float32([[0.5]])]
)
def test_arrays_are_read_as_scipy_wrote_them(array: np.ndarray, *, compressed: bool):
    found = read_mat5(saved(compressed=compressed, x=array, y=np.zeros(9)), ["x"])

    assert list(found) == ["x"]
    assert np.array_equal(found["x"], array)


@pytest.mark.parametrize("compressed", [False, True])
def test_texts_are_read(*, compressed: bool):
    assert read_mat5(saved(compressed=compressed, who="Müller", n="7"), ["who", "n"]) == {"who": "Müller", "n": "7"}


def test_other_kinds_are_passed_over():
    content = saved(cell=np.array([1, "a"], object), struct={"a": 1}, x=np.ones((1, 1)))

    assert list(read_mat5(content, ["cell", "struct", "x"])) == ["x"]


def test_a_file_of_the_other_byte_order_is_read():
    head = struct.pack(">IIII", 6, 8, 6, 0) + struct.pack(">IIii", 5, 8, 1, 2) + struct.pack(">HHcxxx", 1, 1, b"x")
    body = head + struct.pack(">IIdd", 9, 16, 1.5, -2.5)

    found = read_mat5(HEADER[:124] + b"\x01\x00MI" + struct.pack(">II", 14, len(body)) + body, ["x"])

    assert np.array_equal(found["x"], [[1.5, -2.5]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no MATLAB 5 header"),
        (b"MATLAB 7.3 MAT-file".ljust(128), "no MATLAB 5 header"),
        (HEADER + b"\x0e\0\0\0", "it ends within an element"),
        (HEADER + struct.pack("<II", 14, 1 << 31), "it ends within an element"),
        (HEADER + element(15, b"no zlib"), "a variable cannot be unpacked: Error -3 while decompressing data: "),
        (HEADER + element(15, zlib.compress(b"x" * 99)[:-5]), "it ends early"),
        (HEADER + element(15, zlib.compress(b"")), "a variable is empty"),
        (HEADER + variable((-1, 2), b""), "a variable has the shape (-1, 2)"),
        (HEADER + variable((2,) * 9, b""), "a variable has the shape (2, 2, 2, 2, 2, 2, 2, 2, 2)"),
        (
            HEADER + variable((65536, 65536), b"\0" * 8),
            "a variable of the shape (65536, 65536) holds 8 bytes of type 9",
        ),
        (HEADER + variable((1, 1), b"\0" * 8, 8), "a variable of the shape (1, 1) holds 8 bytes of type 8"),
        (HEADER + element(14, element(6, b"") + element(5, b"\0" * 4) + element(1, b"x")), "a variable has no shape"),
    ],
)
def test_a_damaged_file_is_refused_with_the_reason(content: bytes, message: str):
    with pytest.raises(DamagedMatError) as caught:
        read_mat5(content, ["x"])

    assert str(caught.value)[: len(message)] == message


def test_no_more_is_unpacked_than_a_trial_can_hold(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mat5, "LARGEST_BYTES", 1000)
    content = saved(compressed=True, other=np.zeros(99), x=np.zeros(99))

    with pytest.raises(DamagedMatError) as caught:
        read_mat5(content, ["x"])

    assert str(caught.value) == "its variables hold more than 1,000 bytes"


def test_whatever_is_damaged_is_read_or_refused():
    chance = random.Random(7)  # noqa: S311 - the same bytes each time
    whole = [saved(compressed=compressed, x=np.ones((40, 6)), n="12") for compressed in (False, True)]
    n_refused = 0
    for number in range(500):
        content = bytearray(whole[number % 2])
        for _ in range(chance.choice((1, 1, 4))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            read_mat5(bytes(content), ["x", "n"])
        except DamagedMatError:
            n_refused += 1

    assert 100 < n_refused < 500
