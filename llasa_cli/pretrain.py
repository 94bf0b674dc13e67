"""`llasa pretrain`: the encoder, if the recipe names none, then the projector."""

from __future__ import annotations

from pathlib import Path

from llasa_cli.flags import DryRunFlag, FreshFlag, GpusFlag, JsonFlag, RecipeFile, RunsFolder, SetFlags
from llasa_cli.training import TrainingFlags, train


def pretrain(
    recipe: RecipeFile,
    settings: SetFlags = None,
    dry_run: DryRunFlag = False,
    fresh: FreshFlag = False,
    gpus: GpusFlag = None,
    runs: RunsFolder = Path("runs"),
    as_json: JsonFlag = False,
) -> None:
    """Train the encoder, then the projector on captions.

    The same command goes on with a run that was stopped, and says so when there is nothing left to do.
    """
    train("pretrain", TrainingFlags(recipe, settings or (), runs, gpus, dry_run, fresh, as_json))
