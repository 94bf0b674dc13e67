"""Ways to damage a file: what disks, apps, spreadsheets and editors do to recordings, and what nobody ever did."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    Mutation = Callable[[bytes, Random], bytes]

CELLS = (
    b"", b" ", b"nan", b"NaN", b"inf", b"-Infinity", b"1e400", b"-1e308", b"1e-400", b"9" * 400, b"0" * 5000, b"1,5",
    b"1.5.5", b"#####", b"1.Feb", b"0x10", b"1.0D-3", b"=1+1", b'"', b'""', b'"a"b"', b"'", b"\\N", b"null", b"NULL",
    b"2024-13-45 25:61:61", b"00:00:00", b"29/02/2023 1:00:00 PM", b"1970-01-01", b"\xff\xfe", b"\xc2\xb2", b"\xe2\x82",
    b"\xef\xbc\x91", b"true", b"-0", b"+5", b"1_000", b"1e", b"e5", b".", b"-", b"1.7E+18", b"4294967296", b"-1",
    b"walk", b"upsatirs", b"9223372036854775808", b"1700000000000000000", b"{", b"[1,2]", b"<x>", b"%s", b"\\", b"/",
    b"..",
)  # fmt: skip
WORDS = (
    b"time", b"timestamp", b"seconds_elapsed", b"acc_x", b"acc_x (g)", b"gyr_x (deg/s)", b"x", b"y", b"z", b"ax", b"gx",
    b"gravity_x", b"linear acc x (m/s^2)", b"label", b"activity", b"Time (ms)", b"time (furlong)", b"acc_x (furlong)",
    b"Index", b"User", b"", b"\xb5s", b"acc x (m/s\xb2)", b"Axis1", b"quaternionW", b"PacketCounter", b"SampleTimeFine",
)  # fmt: skip


def flip_bytes(content: bytes, rng: Random) -> bytes:
    """Change some bytes to any others."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def flip_bits(content: bytes, rng: Random) -> bytes:
    """Change some bits."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 2, 4))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def truncate(content: bytes, rng: Random) -> bytes:
    """Cut the file off."""
    return content[: rng.choice((rng.randrange(len(content)), rng.randrange(min(len(content), 300)), len(content) - 1))]


def behead(content: bytes, rng: Random) -> bytes:
    """Cut its beginning off."""
    return content[rng.randrange(min(len(content), 2000)) :]


def drop_middle(content: bytes, rng: Random) -> bytes:
    """Leave a part out."""
    start, end = sorted(rng.randrange(len(content)) for _ in range(2))
    return content[:start] + content[min(end, start + rng.choice((1, 100, 10_000))) :]


def insert_noise(content: bytes, rng: Random) -> bytes:
    """Put zeros or random bytes in."""
    at, length = rng.randrange(len(content) + 1), rng.choice((1, 3, 64, 512))
    return content[:at] + (bytes(length) if rng.random() < 0.5 else rng.randbytes(length)) + content[at:]


def zeros_behind(content: bytes, rng: Random) -> bytes:
    """End with zeros, as after a power loss."""
    return content + bytes(rng.choice((1, 64, 4096)))


def repeat_lines(content: bytes, rng: Random) -> bytes:
    """Write a stretch of lines again."""
    lines = content.split(b"\n")
    start = rng.randrange(len(lines))
    again = lines[start : start + rng.choice((1, 1, 5, 200))]
    at = rng.choice((start, rng.randrange(len(lines)), len(lines) - 1))
    return b"\n".join(lines[:at] + again + lines[at:])


def swap_lines(content: bytes, rng: Random) -> bytes:
    """Exchange lines."""
    lines = content.split(b"\n")
    for _ in range(rng.choice((1, 10))):
        one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def drop_lines(content: bytes, rng: Random) -> bytes:
    """Leave lines out: some, or the first ones."""
    lines = content.split(b"\n")
    start = rng.choice((0, 0, 1, rng.randrange(len(lines))))
    return b"\n".join(lines[:start] + lines[start + rng.choice((1, 2, 100)) :])


def join_lines(content: bytes, rng: Random) -> bytes:
    """Lose an end of line, or all."""
    return content.replace(b"\n", rng.choice((b"", b" ", b",")), rng.choice((1, 3, -1)))


def blank_lines(content: bytes, rng: Random) -> bytes:
    """Put empty lines in."""
    lines = content.split(b"\n")
    for _ in range(rng.choice((1, 5, 50))):
        lines.insert(rng.randrange(len(lines)), b"")
    return b"\n".join(lines)


def other_separators(content: bytes, rng: Random) -> bytes:
    """Separate by something else, everywhere or in places."""
    old = rng.choice([sign for sign in (b",", b";", b"\t", b" ") if sign in content] or [b","])
    new = rng.choice((b",", b";", b"\t", b" ", b"|", b"  ", b", "))
    return content.replace(old, new, rng.choice((-1, -1, 1, 7)))


def decimal_commas(content: bytes, rng: Random) -> bytes:
    """Write decimal commas, everywhere or in places."""
    return content.replace(b".", b",", rng.choice((-1, -1, 1, 9)))


def other_line_ends(content: bytes, rng: Random) -> bytes:
    """End lines in another way, everywhere or in places."""
    return content.replace(b"\n", rng.choice((b"\r", b"\r\n", b"\n\r")), rng.choice((-1, -1, 3)))


def other_encoding(content: bytes, rng: Random) -> bytes:
    """Write the text in another encoding."""
    text = content.decode("utf-8", "replace")
    encoding = rng.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "latin-1", "utf-32"))
    return text.encode(encoding, "replace")


def _edit_cells(content: bytes, rng: Random, rows: range, words: tuple[bytes, ...]) -> bytes:
    lines = content.split(b"\n")
    for _ in range(rng.choice((1, 1, 1, 4))):
        at = min(rng.choice(rows), len(lines) - 1)
        separator = next((sign for sign in (b"\t", b";", b",", b" ") if sign in lines[at]), b",")
        cells = lines[at].split(separator)
        cells[rng.randrange(len(cells))] = rng.choice(words)
        lines[at] = separator.join(cells)
    return b"\n".join(lines)


def odd_cells(content: bytes, rng: Random) -> bytes:
    """Write odd things into cells."""
    return _edit_cells(content, rng, range(content.count(b"\n") + 1), CELLS)


def odd_columns(content: bytes, rng: Random) -> bytes:
    """Write one thing into a column, from a row on or everywhere."""
    lines = content.split(b"\n")
    separator = max((b"\t", b";", b",", b" "), key=lines[len(lines) // 2].count)
    column, first = rng.randrange(lines[len(lines) // 2].count(separator) + 1), rng.choice((1, 1, len(lines) // 2))
    cell = rng.choice((*CELLS, b"0", b"1", b"100"))
    for at in range(first, len(lines)):
        cells = lines[at].split(separator)
        if column < len(cells):
            cells[column] = cell
            lines[at] = separator.join(cells)
    return b"\n".join(lines)


def edit_header(content: bytes, rng: Random) -> bytes:
    """Rename columns."""
    return _edit_cells(content, rng, range(2), WORDS)


def drop_or_swap_columns(content: bytes, rng: Random) -> bytes:
    """Leave a column out, write it twice, or exchange two."""
    lines = content.split(b"\n")
    separator = max((b"\t", b";", b",", b" "), key=lines[len(lines) // 2].count)
    one, other, how = rng.randrange(20), rng.randrange(20), rng.randrange(3)
    for at, line in enumerate(lines):
        cells = line.split(separator)
        if max(one, other) < len(cells):
            if how == 0:
                del cells[one]
            elif how == 1:
                cells.insert(other, cells[one])
            else:
                cells[one], cells[other] = cells[other], cells[one]
            lines[at] = separator.join(cells)
    return b"\n".join(lines)


def other_sizes(content: bytes, rng: Random) -> bytes:
    """Make all numbers larger or smaller by powers of ten, or lose their signs or fractions."""
    pattern, into = rng.choice((
        (rb"(\d)\.(\d)", rb"\1\2."), (rb"(\d+)\.\d+", rb"\1"), (rb"-", rb""), (rb"(\d)\.", rb"\g<1>e3."),
        (rb"(\d+\.\d+)", rb"\1e30"), (rb"(\d+\.\d+)", rb"\1e-30"), (rb"(\d+\.\d+)", rb"0"), (rb"^\d", rb""),
    ))  # fmt: skip
    return re.sub(pattern, into, content, count=rng.choice((0, 0, 20)), flags=re.MULTILINE)


def reverse(content: bytes, rng: Random) -> bytes:
    """Turn the order of the rows around, or shuffle them."""
    head, *rows = content.split(b"\n")
    if rng.random() < 0.5:
        rng.shuffle(rows)
    else:
        rows.reverse()
    return b"\n".join([head, *rows])


def twice(content: bytes, rng: Random) -> bytes:
    """Write the file twice, or its lines many times."""
    return content * rng.choice((2, 3)) if len(content) < 1 << 20 else content


def empty(_content: bytes, rng: Random) -> bytes:
    """Leave next to nothing."""
    return rng.choice((b"", b"\n", b"\0", b" ", b"a", b",", b"\xff", b"0", b"\r\n\r\n", b"1,2,3,4,5,6,7\n"))


MUTATIONS: tuple[Mutation, ...] = (
    flip_bytes, flip_bits, truncate, behead, drop_middle, insert_noise, zeros_behind, repeat_lines, swap_lines,
    drop_lines, join_lines, blank_lines, other_separators, decimal_commas, other_line_ends, other_encoding, odd_cells,
    odd_cells, odd_columns, odd_columns, edit_header, edit_header, drop_or_swap_columns, other_sizes, reverse, twice,
    empty,
)  # fmt: skip
BINARY: tuple[Mutation, ...] = (flip_bytes, flip_bits, truncate, behead, drop_middle, insert_noise, zeros_behind, twice)
