"""`llasa eval`: measure a checkpoint on people it has never seen, with simple baselines beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from llasa_cli import console
from llasa_cli.flags import JsonFlag, RunsFolder, SetFlags
from llasa_core.data.split import Split

if TYPE_CHECKING:
    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.evaluation import ClosedSet
    from llasa_core.evaluate.target import Target

Source = Annotated[
    Path,
    typer.Argument(metavar="RECIPE|CHECKPOINT", help="A recipe, or a checkpoint folder together with --data."),
]
DataFolder = Annotated[
    Path | None, typer.Option("--data", metavar="DATA", help="What to measure on; by default the recipe's own data.")
]
SplitFlag = Annotated[Split | None, typer.Option("--split", help="Whose windows are scored; by default the recipe's.")]
MaxWindows = Annotated[
    int | None, typer.Option("--max-windows", min=1, metavar="N", help="Score a fixed random choice of N windows.")
]
BaseLm = Annotated[
    str | None, typer.Option("--base-lm", metavar="PATH", help="Another place of the checkpoint's base LM.")
]
Encoder = Annotated[
    Path | None,
    typer.Option("--encoder", metavar="FILE", help="LIMU-BERT weights for a checkpoint of the original LLaSA."),
]
Device = Annotated[
    Literal["cpu", "cuda"] | None,
    typer.Option("--device", help="Where to compute; by default on a GPU if there is one."),
]


def evaluate(  # noqa: PLR0913, PLR0917 - a flag each
    source: Source,
    data: DataFolder = None,
    changes: SetFlags = None,
    split: SplitFlag = None,
    max_windows: MaxWindows = None,
    as_json: JsonFlag = False,
    runs: RunsFolder = Path("runs"),
    base_lm: BaseLm = None,
    encoder: Encoder = None,
    device: Device = None,
) -> None:
    """Measure a checkpoint on unseen people: accuracy with intervals, per class, beside simple baselines."""
    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.report import EvalReport, write_report
    from llasa_core.evaluate.target import find_target
    from llasa_core.locks import only_one

    target = find_target(source, data, _overrides(changes, split, max_windows), runs)
    with only_one(target.folder / "lock", doing=f"measuring {target.name}"):
        store = WindowStore(target.data)
        found = _measure(target, store, base_lm, encoder, device)
        recipe = target.recipe
        report = EvalReport(target.name, target.checkpoint, target.data, target.folder, recipe.eval, recipe.seed, found)
        write_report(report, store)
    console.show(report, as_json=as_json)


def _overrides(changes: list[str] | None, split: Split | None, max_windows: int | None) -> list[str]:
    flags = {"eval.split": split, "eval.max_windows": max_windows}
    return [*(changes or []), *(f"{key}={value}" for key, value in flags.items() if value is not None)]


def _measure(
    target: Target, store: WindowStore, base_lm: str | None, encoder: Path | None, device: str | None
) -> ClosedSet:
    from llasa_core.evaluate.eval_set import choose_windows
    from llasa_core.evaluate.evaluation import check_fits, evaluate_closed_set
    from llasa_core.model.any_checkpoint import load_any, read_any_config
    from llasa_core.model.score import score_choices

    recipe = target.recipe
    config = read_any_config(target.checkpoint, base_lm=base_lm, encoder=encoder)
    if target.is_original:
        console.note(
            "a checkpoint of the original does not say which activities it knows: it is asked about all of them"
        )
        config = replace(config, activities=tuple(store.activity_names))
    check_fits(store, config)
    n_windows = len(choose_windows(store, recipe.eval, recipe.seed))  # also refuses an empty split before loading
    console.note(f"measuring {target.checkpoint} on {target.data}")
    model = load_any(target.checkpoint, base_lm=base_lm, encoder=encoder, device=device, say=console.note)
    with console.progress("scoring windows", total=n_windows) as update:
        return evaluate_closed_set(
            store,
            config,
            lambda samples, choices, count: score_choices(model, samples, choices, count),
            recipe.eval,
            seed=recipe.seed,
            progress=update,
        )
