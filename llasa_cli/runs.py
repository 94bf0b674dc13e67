"""`llasa runs`: what training has left on the disk, compared and cleaned up."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from llasa_cli import console
from llasa_cli.flags import DryRunFlag, JsonFlag, RunsFolder
from llasa_core.errors import UsageError

app = typer.Typer(help="List, compare and remove runs and caches.", rich_markup_mode=None)

RUNS = Path("runs")
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run as `llasa runs` lists it, such as smol/finetune.")]
What = Annotated[
    list[str],
    typer.Argument(
        metavar="WHAT...",
        help="Runs (smol/finetune), all runs of a recipe (smol), cache entries (cache:smollm2-135m), or leftovers.",
    ),
]
StatesFlag = Annotated[bool, typer.Option("--states", help="Remove only the states that these runs resume from.")]
YesFlag = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@dataclass(frozen=True)
class Given:
    """Flags that may stand before the command or after it."""

    folder: Path
    as_json: bool


def _given(context: typer.Context, folder: Path, *, as_json: bool) -> Given:
    before: Given = context.obj
    return Given(folder if folder != RUNS else before.folder, as_json or before.as_json)


@app.callback(invoke_without_command=True)
def runs(context: typer.Context, folder: RunsFolder = RUNS, as_json: JsonFlag = False) -> None:
    """List, compare and remove runs, checkpoints and caches; without a command, list them."""
    context.obj = Given(folder, as_json)
    if context.invoked_subcommand is None:
        _list(context.obj)


@app.command("list")
def list_runs(context: typer.Context, folder: RunsFolder = RUNS, as_json: JsonFlag = False) -> None:
    """List runs with their state, loss, accuracy and size; shipped checkpoints; caches; leftovers."""
    _list(_given(context, folder, as_json=as_json))


def _list(given: Given) -> None:
    from llasa_core.runs.listing import list_all

    console.show(list_all(given.folder), as_json=given.as_json)


@app.command("compare")
def compare(
    context: typer.Context, a: RunName, b: RunName, folder: RunsFolder = RUNS, as_json: JsonFlag = False
) -> None:
    """Show where the settings of two runs differ, and what came of them."""
    from llasa_core.runs.compare import compare as compare_runs

    given = _given(context, folder, as_json=as_json)
    console.show(compare_runs(a, b, given.folder), as_json=given.as_json)


@app.command("clean")
def clean(
    context: typer.Context,
    what: What,
    states: StatesFlag = False,
    yes: YesFlag = False,
    dry_run: DryRunFlag = False,
    folder: RunsFolder = RUNS,
    as_json: JsonFlag = False,
) -> None:
    """Remove exactly what is named, after showing what and how much; never what a process is working on."""
    from llasa_core.runs.clean import clean as clean_up
    from llasa_core.runs.clean import plan_cleaning

    given = _given(context, folder, as_json=as_json)
    planned = plan_cleaning(what, given.folder, states_only=states)
    if dry_run or not planned.removals:
        console.show(planned, as_json=given.as_json)
        return
    if not yes:
        console.note(str(planned))
        _ask()
    console.show(clean_up(planned, given.folder), as_json=given.as_json)


def _ask() -> None:
    if not (console.is_tty(sys.stdin) and console.is_tty(sys.stderr)):
        raise UsageError("nobody is here to be asked", where="llasa runs clean", fix="pass `--yes` to remove this")
    if not typer.confirm("remove this?", err=True):
        console.note("nothing was removed")
        raise typer.Exit(1)
