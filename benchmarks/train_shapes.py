"""The second half of `train.py`: LMs of several sizes with random weights on one device, until the time is over."""

from __future__ import annotations

import gc
import time
from itertools import product
from typing import TYPE_CHECKING

import torch
from train_sides import Ceiling, Result, Sides, beside_trainer, recipe_of, show, with_mfu
from train_stage import SHAPES, shape_folder

from llasa_core.model.base_lm import locate
from llasa_core.train.flops import TRAINED_FLOPS, flops_per_token

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from llasa_core.recipe import Recipe

STEPS = 4
"""Of a layout; the first is not counted."""
TRAINED_BYTES = 16
"""A trained weight, its gradient and its moments."""
HEADROOM = 0.9
"""Share of a GPU's memory that weights and moments may take."""
TOKENS_A_SAMPLE = 180
"""About the mean of the samples with 120 sensor tokens; only the size of a step depends on it."""


class Shapes:
    """What is measured of them, the most important first."""

    def __init__(
        self, arguments: argparse.Namespace, device: torch.device, ceiling: Ceiling, folder: Path, until: float
    ) -> None:
        self._arguments, self._device, self._ceiling, self._until = arguments, device, ceiling, until
        tokenizer = arguments.tokenizer or locate("smollm2-135m").folder
        self._folders = {name: shape_folder(name, tokenizer, folder) for name in arguments.shapes}
        self._first = arguments.shapes[0]
        self._left_out: list[str] = []
        self._rows: list[Result] = []
        self._best: tuple[float, tuple[str, ...]] = (0.0, ())
        self._sides = Sides(self._recipe(self._first, "adapter", ()), device)

    def measure(self, keep: Callable[[Result], None]) -> None:
        """Measure for as long as there is time; `keep` is told of what there is so far."""
        result: Result = {"recipe": "recipes/7b.yaml", "seed": self._sides.recipe.seed}
        result |= {"mean_sample_tokens": self._sides.stage.mean_length(), "rows": self._rows}
        for settings, again in self._layouts():
            self._measure(self._first, "adapter", settings, again=again)
            keep(result)
        if self._is_time(f"{self._first} beside the Trainer"):
            self._sides.lay(self._recipe(self._first, "adapter", (*self._best[1], "finetune.batch_size=16")))
            result["beside the Trainer, batch 16"] = beside_trainer(self._sides, 3, STEPS + 2, self._ceiling)
        for shape, trains in product(self._arguments.shapes, ("adapter", "frozen", "whole")):
            if (shape, trains) != (self._first, "adapter"):
                self._measure_other(shape, trains)
            keep({**result, "left_out": self._left_out})

    def _recipe(self, shape: str, trains: str, settings: Iterable[str]) -> Recipe:
        """Return recipes/7b.yaml for this LM; with steps of two packs, unless the settings say how large they are."""
        data = f"data.folder={self._arguments.data.resolve()}"
        lm = [f"model.base_lm={self._folders[shape]}", "model.template=chat", f"finetune.lm={trains}"]
        made = recipe_of("7b", data, *lm, *settings)
        if any(setting.startswith("finetune.batch_size") for setting in settings):
            return made
        batch = 2 * made.finetune.micro_batch_tokens // TOKENS_A_SAMPLE
        return made.model_copy(update={"finetune": made.finetune.model_copy(update={"batch_size": batch})})

    def _layouts(self) -> list[tuple[tuple[str, ...], bool]]:
        """Return layouts of the first shape: kernels, sizes of packs, activations computed again, compiled."""
        middle, *others = (
            f"finetune.micro_batch_tokens={int(self._arguments.budget * x)}" for x in (1, 1 / 4, 1 / 2, 2)
        )
        found = [((f"finetune.attention={kernel}", middle), False) for kernel in ("auto", "blocks")]
        found += [((budget,), False) for budget in others]
        return [*found, ((middle,), True), ((middle, "finetune.compile=true"), False)]

    def _measure_other(self, shape: str, trains: str) -> None:
        name = f"{shape}, {trains}"
        if not self._is_time(name) or not self._has_room(shape, trains, name):
            return
        stage = self._sides.stage
        del self._sides, stage.model  # the LM makes room for the next
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        self._sides = Sides(self._recipe(shape, trains, self._best[1]), self._device, stage)
        self._measure(shape, trains, self._best[1], again=trains == "whole")

    def _measure(self, shape: str, trains: str, settings: tuple[str, ...], *, again: bool) -> None:
        name = f"{shape}, {trains}, {' '.join(settings)}{', activations computed again' if again else ''}"
        row: Result = {"lm": shape, "trains": trains, "settings": list(settings), "activations_again": again}
        if not self._is_time(name):
            return
        try:
            self._sides.lay(self._recipe(shape, trains, settings), again=again)
            if any("compile" in setting for setting in settings):
                self._sides.ours(self._sides.next_steps(STEPS))  # compiles, and once more for other sizes
            steps = self._sides.next_steps(STEPS)
            row |= with_mfu(self._sides.ours(steps), self._ceiling)
            row["attention"] = self._sides.stage.model.attention
            row["predicted_bytes"] = self._sides.predicted_bytes(steps)
            if shape == self._first:
                self._best = max(self._best, (row["tokens_per_s"], settings))
        except torch.OutOfMemoryError as error:
            row["out_of_memory"] = str(error).splitlines()[0]
        self._rows.append(row)
        show(name, row)

    def _has_room(self, shape: str, trains: str, name: str) -> bool:
        if self._device.type != "cuda" or trains != "whole":
            return True
        n = flops_per_token(SHAPES[shape], is_lm_trained=True) / TRAINED_FLOPS
        if TRAINED_BYTES * n <= HEADROOM * torch.cuda.get_device_properties(self._device).total_memory:
            return True
        size = TRAINED_BYTES * n / 1e9
        self._left_out.append(f"{name}: weights, gradients and moments alone take more than {size:.0f} GB")
        return False

    def _is_time(self, name: str) -> bool:
        if time.perf_counter() < self._until:
            return True
        self._left_out.append(f"{name}: no time was left")
        return False
