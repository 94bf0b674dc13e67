"""What the documents say of facts, questions and formats is what the code has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from llasa_core.data.facts import DEFINITIONS, Facts, facts_of
from llasa_core.data.qa import KINDS
from llasa_core.data.read_options import FormatName, ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.data.windows import WindowConfig, windows_of

ROOT = Path(__file__).parents[1]
DATA = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
FORMATS = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
N_CHANNELS = 6


def table(text: str, first_column: str) -> list[list[str]]:
    """Return the cells of the table whose first column has this head, without the head."""
    lines = text.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"| {first_column} |"))
    rows = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows


@pytest.fixture(scope="module")
def walking() -> Facts:
    """Return the facts of the window that docs/data.md takes its examples from."""
    (recording,) = read_recordings(ROOT / "examples" / "walking.csv", ReadOptions())
    return facts_of(windows_of(recording, WindowConfig()).windows[1:2], 20.0)


def test_the_table_of_facts_is_that_of_the_code():
    told = [(name, unit, text, source) for name, unit, text, _, source in table(DATA, "fact")]

    assert told == [(f"`{name}`", fact.unit, fact.text, fact.source) for name, fact in DEFINITIONS.items()]


@pytest.mark.parametrize("row", table(DATA, "fact"), ids=lambda row: row[0].strip("`"))
def test_the_example_of_a_fact_is_what_is_measured(row: list[str], walking: Facts):
    measured = np.atleast_1d(getattr(walking, row[0].strip("`"))[0])
    shown = measured[:1] if len(measured) == N_CHANNELS else measured

    assert [float(part) for part in row[3].split(", ")] == pytest.approx(shown, rel=0.006, abs=1e-3)


def test_every_kind_of_question_is_explained_with_an_example():
    rows = table(DATA, "kind")

    assert sorted(row[0] for row in rows) == sorted(f"`{kind}`" for kind in KINDS)
    assert [row[0] for row in rows if " – " not in row[3]] == []


def test_every_figure_has_a_script_that_draws_it():
    shown = set(re.findall(r"\(figures/(\w+\.png)\)", DATA))
    script = (ROOT / "docs" / "figures" / "make.py").read_text(encoding="utf-8")

    assert shown == {path.name for path in (ROOT / "docs" / "figures").glob("*.png")}
    assert [name for name in shown if f'"{name}"' not in script] == []


def test_every_format_is_explained():
    names = {name for name in get_args(FormatName) if name != "auto" and not name.startswith("limu-bert-")}
    first_cells = [row[0] for row in table(FORMATS, "`--format`")] + [
        row[0] for row in table(FORMATS.partition("## Public datasets")[2], "`--format`")
    ]

    assert {name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)} == names
