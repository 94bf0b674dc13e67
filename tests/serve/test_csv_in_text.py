from __future__ import annotations

from llasa_core.serve.csv_in_text import take_apart

ROWS = "".join(f"{i / 50},0.1,0.2,9.8,0.01,0.02,0.03\n" for i in range(30))
HEAD = "time_s,acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z\n"


def test_a_question_without_a_recording_stays_as_it_is():
    assert take_apart(" Why 3, 4, 5, 6, 7 and 8?\nReally? ") == ("Why 3, 4, 5, 6, 7 and 8?\nReally?", None)


def test_rows_of_numbers_with_their_head_are_the_recording():
    assert take_apart(f"Look:\n{HEAD}{ROWS}\nWhat is it?") == ("Look:\n\nWhat is it?", HEAD + ROWS)


def test_a_fence_around_them_is_left_out():
    assert take_apart(f"What is it?\n```csv\n{HEAD}{ROWS}```\n") == ("What is it?", HEAD + ROWS)


def test_a_bad_cell_stays_for_the_reader_to_complain_about():
    broken = ROWS.replace("0.2,9.8", "0.2,n/a", 1)

    assert take_apart(broken).table == broken


def test_other_separators_are_known():
    assert take_apart(ROWS.replace(",", ";")).table == ROWS.replace(",", ";")
    assert take_apart(ROWS.replace(",", "\t")).table == ROWS.replace(",", "\t")


def test_a_few_rows_are_a_part_of_the_question():
    few = "".join(ROWS.splitlines(keepends=True)[:19])

    assert take_apart(few).table is None
