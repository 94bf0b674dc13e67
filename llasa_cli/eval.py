"""`llasa eval`: measure a checkpoint on people it has never seen, with simple baselines beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_args

import typer

from llasa_cli import console, evaluations
from llasa_cli.checkpoint_flags import BaseLm, Device, Encoder
from llasa_cli.flags import FreshFlag, GpusFlag, HostFile, JsonFlag, PortFlag, RunsFolder, SetFlags
from llasa_core.data.split import Split
from llasa_core.errors import UsageError
from llasa_core.eval_settings import SuiteName

if TYPE_CHECKING:
    from llasa_core.evaluate.target import Target

Sources = Annotated[
    list[Path] | None,
    typer.Argument(metavar="RECIPE|CHECKPOINT", help="A recipe, or a checkpoint folder together with --data."),
]
DataFolder = Annotated[
    Path | None, typer.Option("--data", metavar="DATA", help="What to measure on; by default the recipe's own data.")
]
SplitFlag = Annotated[Split | None, typer.Option("--split", help="Whose windows are scored; by default the recipe's.")]
Suites = Annotated[
    list[str] | None,
    typer.Option(
        "--suite",
        metavar="NAME",
        help=f"Measure only this, one of {', '.join(get_args(SuiteName))}; may be given several times.",
    ),
]
FullFlag = Annotated[bool, typer.Option("--full", help="Every window and question, no fixed choice of them.")]
MaxWindows = Annotated[
    int | None, typer.Option("--max-windows", min=1, metavar="N", help="Score a fixed random choice of N windows.")
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Where the report goes; by default runs/NAME/eval.")
]
CompareFlag = Annotated[
    bool, typer.Option("--compare", help="Compare two or more evaluations, window by window: `--compare A B`.")
]
PoolFlag = Annotated[
    bool, typer.Option("--pool", help="Put evaluations of other people together, such as the folds of one recipe.")
]
Outputs = Annotated[
    Path | None,
    typer.Option("--outputs", metavar="FILE", help="Score answers that another system wrote, in LLaVA's form."),
]
JudgeUrl = Annotated[
    str | None,
    typer.Option(
        "--judge-url", metavar="URL", help="An OpenAI-compatible endpoint that judges, up to /v1; key in LLASA_API_KEY."
    ),
]
JudgeModels = Annotated[
    list[str] | None,
    typer.Option(
        "--judge-model", metavar="NAME", help="A judge, as the endpoint names it; may be given several times."
    ),
]
EVERYTHING = ("max_windows", "fact_items", "open_items", "robustness_windows")
"""Settings that are none for `--full`."""


def evaluate(  # noqa: PLR0913, PLR0917 - a flag each
    sources: Sources = None,
    data: DataFolder = None,
    changes: SetFlags = None,
    split: SplitFlag = None,
    suites: Suites = None,
    full: FullFlag = False,
    max_windows: MaxWindows = None,
    as_json: JsonFlag = False,
    out: Out = None,
    fresh: FreshFlag = False,
    compare: CompareFlag = False,
    pool: PoolFlag = False,
    outputs: Outputs = None,
    judge_url: JudgeUrl = None,
    judge_models: JudgeModels = None,
    gpus: GpusFlag = None,
    hostfile: HostFile = None,
    port: PortFlag = None,
    runs: RunsFolder = Path("runs"),
    base_lm: BaseLm = None,
    encoder: Encoder = None,
    device: Device = None,
) -> None:
    """Measure a checkpoint on unseen people: what it names, says and withstands, beside simple baselines."""
    named = sources or []
    if compare or pool:
        show = evaluations.show_comparison if compare else evaluations.show_pool
        show(named, runs, out, as_json=as_json)
        return
    changes = _overrides(changes, split, suites, max_windows, judge_url, judge_models, full=full)
    if outputs is not None:
        evaluations.show_outputs(outputs, data, changes, out, as_json=as_json)
        return
    if len(named) != 1:
        raise UsageError(
            f"{len(named)} things to measure were named" if named else "what shall be measured?",
            where="llasa eval",
            fix="name one recipe or checkpoint; `--compare A B` compares evaluations",
        )
    from llasa_core.evaluate.target import find_target

    target = find_target(named[0], data, changes, runs)
    _measure(
        replace(target, folder=out or target.folder, base_lm=base_lm, encoder=encoder),
        Devices(gpus, hostfile, port, device),
        is_fresh=fresh,
        as_json=as_json,
    )


class Devices(NamedTuple):
    """Flags that say where to compute."""

    gpus: int | None
    hostfile: Path | None
    port: int | None
    device: str | None


def _measure(target: Target, devices: Devices, *, is_fresh: bool, as_json: bool) -> None:
    from llasa_core.evaluate.evaluation import evaluate as measure
    from llasa_core.evaluate.folder import EvalFolder
    from llasa_core.launching.place import find_place
    from llasa_core.locks import only_one

    folder = EvalFolder(target.folder)
    place = find_place(target.folder, devices.gpus or (1 if devices.device else None), devices.hostfile, devices.port)
    with only_one(folder.lock_file, doing=f"measuring {target.name}"):
        if is_fresh:
            folder.clear()
        if target.is_original:
            console.note(
                "a checkpoint of the original does not say which activities it knows: it is asked about all of them"
            )
        with console.progress("measuring", total=100) as update:
            report = measure(
                target,
                place,
                device=devices.device,
                tell=lambda done, total, words: update(round(100 * done / total, 1), words),
                say=console.note,
            )
    console.show(report, as_json=as_json)


def _overrides(
    changes: list[str] | None,
    split: Split | None,
    suites: list[str] | None,
    max_windows: int | None,
    judge_url: str | None,
    judge_models: list[str] | None,
    *,
    full: bool,
) -> list[str]:
    """Return the changes to the recipe that flags stand for."""
    flags: dict[str, Any] = dict.fromkeys(EVERYTHING, "null") if full else {}
    given = {
        "split": split,
        "suites": suites and json.dumps(suites),
        "max_windows": max_windows,
        "judge.url": judge_url and json.dumps(judge_url),
        "judge.models": judge_models and json.dumps(judge_models),
    }
    flags |= {key: value for key, value in given.items() if value is not None}
    return [*(changes or []), *(f"eval.{key}={value}" for key, value in flags.items())]
