"""`llasa doctor`: what this machine can run, and what to do where it cannot."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from llasa_cli import console
from llasa_cli.flags import JsonFlag, RunsFolder

BenchFlag = Annotated[
    bool, typer.Option("--bench", help="Measure matrix products for some twenty seconds and keep the result.")
]
COLOURS = {"good": "32", "warning": "33", "broken": "31"}


def doctor(bench: BenchFlag = False, runs: RunsFolder = Path("runs"), as_json: JsonFlag = False) -> None:
    """Show versions, devices, memory, disks and tools, and what to mend.

    With --bench, the speed of matrix products is measured and kept; training then shows which share of it is reached.
    Ends with 1 where something that is needed is broken; warnings alone end with 0. Nothing is fetched.
    """
    from llasa_core.doctor.examination import examine

    found = examine(runs, console.note, measures=bench)
    console.show(found if as_json else found.text(_paint), as_json=as_json)
    if not found.is_ready:
        raise typer.Exit(1)


def _paint(mark: str, state: str) -> str:
    if state not in COLOURS or not console.is_coloured(sys.stdout):
        return mark
    return f"\x1b[{COLOURS[state]}m{mark}\x1b[0m"
