"""A trial measured on validation people: never on test people, who are for what was chosen."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from llasa_core.data.store import MANIFEST, WindowStore
from llasa_core.evaluate.closed_set.probabilities import class_probabilities
from llasa_core.evaluate.eval_set import choose_windows
from llasa_core.evaluate.fits import check_fits
from llasa_core.evaluate.measured import measure
from llasa_core.files import sha256_of, write_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.eval_settings import EvalConfig
    from llasa_core.evaluate.intervals import Interval
    from llasa_core.recipe import Recipe
    from llasa_core.sweep.units import Sweep, Unit

Metric = Literal["accuracy", "macro_f1"]
SPLIT = "val"
TRIAL_FILE = "trial.json"


def measure_trial(
    sweep: Sweep, trial: Unit, recipe: Recipe, trained: dict[str, Any], say: Callable[[str], None]
) -> dict[str, Any]:
    """Measure a trained trial, and keep what was found in its folder.

    Args:
        sweep: says how many windows are scored.
        trial: which.
        recipe: its recipe, with paths as this process can open them.
        trained: what `run_stage` returned.
        say: told in a line what happens.

    Returns:
        Accuracy and macro-F1 with intervals over people, and the loss, steps and seconds of the finetune.

    Raises:
        DataError: the data does not fit the checkpoint.
        RunError: the checkpoint gives no numbers.
    """
    from llasa_core.model.any_checkpoint import load_any  # noqa: PLC0415 - torch
    from llasa_core.model.checkpoint import read_checkpoint_config  # noqa: PLC0415
    from llasa_core.model.score import score_choices  # noqa: PLC0415

    checkpoint = sweep.run(trial).checkpoint
    store, config = WindowStore(recipe.data.folder, recipe.data.parting), _config(sweep, recipe)
    check_fits(store, read_checkpoint_config(checkpoint))
    model = load_any(checkpoint, say=say)
    chosen = choose_windows(store, config, sweep.seed)
    probabilities = class_probabilities(
        chosen,
        store,
        config.question,
        lambda samples, choices, count: score_choices(model, samples, choices, count),
        lambda _done: None,
    )
    found = measure(chosen, probabilities.argmax(axis=1), config.bootstrap, sweep.seed)
    result = {
        "accuracy": found.accuracy,
        "accuracy_ci": _ends(found.accuracy_ci),
        "macro_f1": found.macro_f1,
        "macro_f1_ci": _ends(found.macro_f1_ci),
        "windows": len(chosen),
        "subjects": len(set(chosen.subject.tolist())),
        "checkpoint": str(checkpoint),
        **{key: trained[key] for key in ("steps", "loss", "seconds")},
    }
    write_json(sweep.unit_folder(trial) / TRIAL_FILE, {**result, "measured": _measured(sweep, recipe)})
    return result


def known_result(sweep: Sweep, trial: Unit, recipe: Recipe) -> dict[str, Any] | None:
    """Return what an earlier measurement of a trial found, unless it was measured in another way."""
    if not sweep.run(trial).is_done:
        return None
    with suppress(OSError, ValueError):
        kept: dict[str, Any] = json.loads((sweep.unit_folder(trial) / TRIAL_FILE).read_text(encoding="utf-8"))
        if kept.pop("measured") == _measured(sweep, recipe):
            return kept
    return None


def _config(sweep: Sweep, recipe: Recipe) -> EvalConfig:
    return recipe.eval.model_copy(update={"split": SPLIT, "max_windows": sweep.max_windows or recipe.eval.max_windows})


def _measured(sweep: Sweep, recipe: Recipe) -> dict[str, Any]:
    """Collect what a measurement depends on, the checkpoint apart."""
    config = _config(sweep, recipe).model_dump(mode="json", include={"split", "question", "max_windows", "bootstrap"})
    parting = {key: value for key, value in recipe.data.parting._asdict().items() if value is not None}
    return {**config, **parting, "seed": sweep.seed, "data.sha256": sha256_of(recipe.data.folder / MANIFEST)}


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
