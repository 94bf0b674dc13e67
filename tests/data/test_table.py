from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llasa_core.data import text_blocks
from llasa_core.data.readers.raw_files import RawFile
from llasa_core.data.table import Rows, Table
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Literal

FIX = "repair the row, or pass `--bad-rows drop`"


@pytest.fixture
def table_of(tmp_path: Path) -> Callable[..., Table]:
    """Return a maker of tables."""

    def make(text: str | bytes, bad_rows: Literal["error", "drop"] = "error") -> Table:
        path = tmp_path / "walk.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return Table.open(RawFile(path, None, path.stat().st_size), bad_rows)

    return make


def read(table: Table, numbers: tuple[int, ...] = (0, 1, 2), words: tuple[int, ...] = ()) -> Rows:
    blocks = list(table.rows(numbers, words))
    names = ("line", "nth", "starts", "numbers", "words")
    return Rows(*(np.concatenate([getattr(block, name) for block in blocks]) for name in names))


def refusal(table: Table) -> str:
    with pytest.raises(DataError) as caught:
        read(table)
    return str(caught.value).replace(str(table.file.path), "walk.csv")


def test_rows_come_as_numbers_with_their_lines(table_of: Callable[..., Table]):
    rows = read(table_of("t,x,y,who\n0,1,2,a\n1,3,4.5,b\n"), numbers=(2, 0), words=(3,))

    assert rows.numbers.tolist() == [[2, 0], [4.5, 1]]
    assert rows.words.tolist() == [["a"], ["b"]]
    assert (rows.line.tolist(), rows.nth.tolist(), rows.starts.tolist()) == ([2, 3], [0, 1], [False, False])


def test_cells_without_a_number_are_nan(table_of: Callable[..., Table]):
    rows = read(table_of("t,x,y\n0,,2\n1,NaN,null\n2,inf,NA\n3,4,5\n"))

    assert np.isnan(rows.numbers).tolist() == [
        [False, True, False],
        [False, True, True],
        [False, True, True],
        [False] * 3,
    ]


def test_text_among_numbers_is_refused_at_its_place(table_of: Callable[..., Table]):
    table = table_of("t,x,y\n0,1,2\n1,3,4\n\n2,n/a,5\n3,4,oops\n")

    assert refusal(table) == f'x is not a number: "n/a"\n  where: walk.csv:5:2\n  fix:   {FIX}'


def test_dropped_rows_are_counted_and_leave_their_place_free(table_of: Callable[..., Table]):
    table = table_of("t,x,y\n0,1,2\n\n2,n/a,5\n3,4,5,6\n4,5\n5,6,7\n", bad_rows="drop")
    rows = read(table)

    assert rows.numbers[:, 0].tolist() == [0, 5]
    assert (rows.line.tolist(), rows.nth.tolist(), table.n_dropped) == ([2, 7], [0, 4], 3)


@pytest.mark.parametrize(
    ("row", "message", "column"),
    [
        ("1,2", "the row ends after 2 of 3 columns", 2),
        ("1,2,3,4", "the row has more than the table's 3 columns", 4),
        ("1,2,0x10", 'y is not a number: "0x10"', 3),
        ("1,1.0D-3,2", 'x is not a number: "1.0D-3"', 2),
    ],
)
def test_rows_of_another_shape_are_refused(table_of: Callable[..., Table], row: str, message: str, column: int):
    table = table_of(f"t,x,y\n0,1,2\n{row}\n2,3,4\n")

    assert refusal(table) == f"{message}\n  where: walk.csv:3:{column}\n  fix:   {FIX}"


@pytest.mark.parametrize(
    ("cell", "made"),
    [("#####", "##### where a column is narrow"), ("1.Feb", "dates"), ("01. Mrz", "dates"), ("Mai 50", "dates"),
     ("2-May", "dates")],
)  # fmt: skip
def test_what_a_spreadsheet_did_is_told(table_of: Callable[..., Table], cell: str, made: str):
    table = table_of(f"t,x,y\n0,1,2\n1,{cell},2\n2,3,4\n")

    assert refusal(table) == (
        f'x is not a number: "{cell}"\n'
        "  where: walk.csv:3:2\n"
        f"  fix:   export again, and do not save the file from a spreadsheet: it turns numbers into {made}"
    )


def test_an_open_quote_is_refused_even_when_bad_rows_are_dropped(table_of: Callable[..., Table]):
    table = table_of('t,x,y\n0,1,2\n1,"3,4\n2,3,4\n3,4,5\n', bad_rows="drop")

    assert refusal(table) == (
        "a quote is opened and not closed\n  where: walk.csv:3:2\n  fix:   close or remove the quote"
    )


def test_a_last_row_that_is_cut_off_is_left_out_and_told(table_of: Callable[..., Table]):
    table = table_of("t,x,y\n0,1,2\n1,3,4\n2,5")

    assert read(table).numbers[:, 0].tolist() == [0, 1]
    assert table.notes == ["the file is cut off: its last row, line 4, ends early and is left out"]


def test_zeros_that_a_power_loss_leaves_are_left_out_and_told(table_of: Callable[..., Table]):
    table = table_of(b"t,x,y\n0,1,2\n1,3,4\n" + 64 * b"\0")

    assert read(table).numbers[:, 0].tolist() == [0, 1]
    assert table.notes == ["64 bytes of zero left out, as a power loss leaves them"]


def test_the_header_again_starts_another_recording(table_of: Callable[..., Table]):
    table = table_of("t,x,y\n0,1,2\n1,3,4\nt,x,y\n0,5,6\n1,7,8\n")
    rows = read(table)

    assert rows.starts.tolist() == [False, False, True, False]
    assert (rows.line.tolist(), rows.nth.tolist()) == ([2, 3, 5, 6], [0, 1, 2, 3])
    assert table.notes == ["line 4 is the header again: a new recording starts there"]


def test_blank_lines_part_recordings_only_where_asked(table_of: Callable[..., Table]):
    table = table_of("x,y,z\n" + "1,2,3\n" * 10 + "\n" + "4,5,6\n" * 10)

    assert not read(table).starts.any()
    table.splits_at_blank_lines = True
    assert np.flatnonzero(read(table).starts).tolist() == [10]


@pytest.mark.parametrize("size", [16, 17, 64])
def test_blocks_of_any_size_give_the_same_rows(
    table_of: Callable[..., Table], monkeypatch: pytest.MonkeyPatch, size: int
):
    text = "t,x,y\r\n" + "".join(f"{row},{row / 8},{-row}\r\n" for row in range(50)) + "50,1,2"
    whole = read(table_of(text))
    monkeypatch.setattr(text_blocks, "BLOCK_BYTES", size)
    parts = read(table_of(text))

    assert parts.numbers.tolist() == whole.numbers.tolist()
    assert parts.line.tolist() == whole.line.tolist() == list(range(2, 53))
    assert parts.nth.tolist() == whole.nth.tolist()


def test_a_bad_cell_in_a_later_block_is_found_at_its_line(
    table_of: Callable[..., Table], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(text_blocks, "BLOCK_BYTES", 40)
    table = table_of("t,x,y\n" + "1,2,3\n" * 30 + "1,bad,3\n" + "1,2,3\n" * 30)

    assert refusal(table) == f'x is not a number: "bad"\n  where: walk.csv:32:2\n  fix:   {FIX}'


def test_latin_1_below_a_plain_head_is_read(table_of: Callable[..., Table]):
    text = "t,x,y,who\n" + "0,1,2,Ada\n" * 20_000 + "0,1,2,André\n"

    assert read(table_of(text.encode("latin-1")), words=(3,)).words[-1].tolist() == ["André"]


def test_a_line_without_an_end_is_refused(table_of: Callable[..., Table], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(text_blocks, "BLOCK_BYTES", 64)
    monkeypatch.setattr(text_blocks, "LONGEST_LINE", 100)
    table = table_of("t,x,y\n0,1,2\n" + "1" * 300 + "\n")

    assert refusal(table) == (
        "a line is longer than 1 MB\n  where: walk.csv:3\n  fix:   export the recording again, one sample a row"
    )


def test_a_member_of_a_zip_is_read_as_a_stream(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("p1/walk.csv", "t,x,y\n0,1,2\n1,3,4\n")

    assert read(Table.open(RawFile(tmp_path / "all.zip", "p1/walk.csv"))).numbers[:, 1].tolist() == [1, 3]


@st.composite
def written_tables(draw: st.DrawFn) -> tuple[list[list[float]], bytes]:
    """Draw a table and one of the ways to write it."""
    separator, decimal = draw(st.sampled_from([",.", ";.", ";,", "\t.", "\t,", " .", " ,"]))
    encodings = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
    encoding, end = draw(st.sampled_from(encodings)), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    numbers = st.floats(-1e6, 1e6).map(lambda number: round(number, 6))
    table = draw(st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=2, max_size=8))
    rows = [[f"{cell:.6f}".replace(".", decimal) for cell in row] for row in table]
    names = ["time", "acc", "gyr"]
    if separator != " " and draw(st.booleans()):
        rows, names = [[f'"{cell}"' for cell in row] for row in rows], [f'"{name}"' for name in names]
    lines = [separator.join(row) for row in ([names, *rows] if draw(st.booleans()) else rows)]
    if separator != " " and draw(st.booleans()):
        lines = [line + separator for line in lines]
    above = draw(st.sampled_from([[], ["# made by hand"], [""], ["Some Logger 1.0", ""]]))
    text = end.join([*above, *lines]) + draw(st.sampled_from(["", end]))
    return table, text.encode(encoding)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(written_tables())
def test_a_table_reads_back_equal_however_it_is_written(
    tmp_path_factory: pytest.TempPathFactory, written: tuple[list[list[float]], bytes]
):
    table, text = written
    path = tmp_path_factory.getbasetemp() / "written.csv"
    path.write_bytes(text)

    assert read(Table.open(RawFile(path))).numbers.tolist() == table
