from __future__ import annotations

from pathlib import Path

import pytest

from llasa_core.data.dialect import Dialect, find_dialect
from llasa_core.errors import DataError

FILE = Path("walk.csv")


def dialect_of(text: str | bytes) -> Dialect:
    head = text.encode() if isinstance(text, str) else text
    return find_dialect(head, is_whole=True, file=FILE)


def refusal(text: str | bytes) -> str:
    with pytest.raises(DataError) as caught:
        dialect_of(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("row", "separator", "decimal"),
    [
        ("0.01,1.5,-2e-3", ",", "."),
        ("0.01;1.5;-2e-3", ";", "."),
        ("0,01;1,5;-2e-3", ";", ","),
        ("0,01\t1,5\t-2E-3", "\t", ","),
        ("0.01\t1.5\t-2E-3", "\t", "."),
        ("  0.01   1.5 -2e-3", " ", "."),
        ("0,01 1,5 -2,5", " ", ","),
        ("0.01, 1.5, -2e-3", ",", "."),
        ('"0,01","1,5","-2,5"', ",", ","),
        ("1;2;3", ";", "."),
    ],
)
def test_separator_and_decimal_mark_are_those_that_make_numbers(row: str, separator: str, decimal: str):
    dialect = dialect_of("\n".join([row] * 5))

    assert (dialect.separator, dialect.decimal, dialect.n_columns) == (separator, decimal, 3)


def test_a_plain_header_is_in_the_first_line():
    dialect = dialect_of("t,x,y\n0,1,2\n1,3,4\n")

    assert (dialect.names, dialect.header_row, dialect.first_row, dialect.preamble) == (("t", "x", "y"), 1, 2, ())
    assert dialect.sample == (("0", "1", "2"), ("1", "3", "4"))
    assert dialect.notes == ()


def test_a_table_without_a_header_begins_at_once():
    dialect = dialect_of("0 1.5 2\n1 2.5 3\n")

    assert (dialect.names, dialect.first_row) == (None, 1)
    assert dialect.notes == ("columns separated by blanks", "no header")


def test_lines_above_the_header_are_kept_as_preamble():
    dialect = dialect_of("Recorded by Ada\n# rate = 100 Hz, range 4 g\n\nt,x,y\n0,1,2\n1,3,4\n")

    assert (dialect.header_row, dialect.first_row) == (4, 5)
    assert dialect.preamble == ("Recorded by Ada", "# rate = 100 Hz, range 4 g")
    assert dialect.notes == ("2 lines above the table skipped",)


def test_the_last_comment_may_be_the_header():
    assert dialect_of("# t,x,y\n0,1,2\n1,3,4\n").names == ("t", "x", "y")


def test_a_named_separator_and_a_row_of_units_are_understood_as_shimmer_writes_them():
    dialect = dialect_of('"sep=\\t"\nTime\tX\tY\t\nms\tm/(s^2)\tdeg/s\t\n0\t1.5\t2\t\n1\t2.5\t3\t\n')

    assert (dialect.separator, dialect.n_columns, dialect.names) == ("\t", 3, ("Time", "X", "Y"))
    assert dialect.units == ("ms", "m/(s^2)", "deg/s")
    assert dialect.first_row == 4


def test_a_separator_at_the_end_of_every_line_makes_no_column():
    dialect = dialect_of("\nt,x,y,\n0,1,2,\n1,3,4,\n")

    assert (dialect.n_columns, dialect.names, dialect.header_row) == (3, ("t", "x", "y"), 2)


def test_label_columns_of_text_do_not_hide_the_numbers():
    dialect = dialect_of("t,x,y,user,activity\n0,1,2,a,walk\n1,3,4,a,walk\n")

    assert (dialect.n_columns, dialect.first_row) == (5, 2)


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16-le"), ("utf-16-le", "utf-16-le"),
     ("utf-16-be", "utf-16-be"), ("latin-1", "latin-1")],
)  # fmt: skip
def test_encodings_are_told_apart(encoding: str, found: str):
    text = "t,acc x (m/s²)\n0.5,1.5\n0.6,2.5\n" if encoding in {"utf-8", "latin-1"} else "t,acc x\n0.5,1.5\n0.6,2.5\n"
    dialect = dialect_of(text.encode(encoding))

    assert dialect.encoding == found
    assert dialect.names == tuple(text.splitlines()[0].split(","))


def test_old_and_mixed_line_ends_are_lines():
    assert dialect_of("t,x\r0,1\r1,2\r").sample == (("0", "1"), ("1", "2"))
    assert dialect_of("t,x\r\n0,1\n1,2\r\n").sample == (("0", "1"), ("1", "2"))


def test_an_empty_file_is_refused():
    assert refusal(b"") == ("the file is empty (0 bytes)\n  where: walk.csv\n  fix:   export the recording again")


def test_a_header_alone_is_refused():
    assert refusal("time,acc_x,acc_y\n") == (
        "the file has a header, but no rows of numbers\n"
        "  where: walk.csv:1\n"
        "  fix:   export the recording again; it may have been stopped before the first sample"
    )


def test_prose_is_no_table():
    assert refusal("Dear reader\n\nthis is no recording.\n") == (
        "the file holds no table of numbers\n  where: walk.csv\n  fix:   export the recording as CSV, one sample a row"
    )


def test_a_decimal_comma_between_separating_commas_is_refused():
    assert refusal("t,x,y\n0,01,1,5,2,5\n0,02,1,6,2,6\n") == (
        "the header has 3 names, but the rows have 6 columns: decimal commas cannot be told from separating commas\n"
        "  where: walk.csv:1\n"
        "  fix:   export with a decimal point, or separated by semicolons or tabs"
    )


def test_a_header_of_another_width_is_refused():
    assert refusal("t;x;y\n0;1;2;3\n0;1;2;3\n") == (
        "the header has 3 names, but the rows have 4 columns\n  where: walk.csv:1\n  fix:   give every column a name"
    )


@pytest.mark.parametrize(
    ("head", "message", "fix"),
    [
        (b"PK\x03\x04rest", "not a text file: it is a zip archive or an Excel workbook",
         "unpack it; in Excel, save the sheet as CSV"),
        (b"MATLAB 5.0 MAT-file", "not a text file: it is a MATLAB file",
         "export its tables as CSV; in MATLAB: `writetimetable(Acceleration, 'acc.csv')`"),
        (b"1,2\x00\x01\x02,3\n", "not a text file: it holds control characters", "export the recording as CSV"),
        (b'{"time": [1, 2]}', "not a table: it is JSON", "export the recording as CSV"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_refused_by_its_kind(head: bytes, message: str, fix: str):
    assert refusal(head) == f"{message}\n  where: walk.csv\n  fix:   {fix}"


def test_a_row_of_units_may_be_short():
    assert dialect_of("t,x,y,who\nms,g\n0,1,2,a\n1,3,4,a\n").units == ("ms", "g", "", "")
