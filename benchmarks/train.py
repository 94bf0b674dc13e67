"""How fast training is: beside `transformers.Trainer` with padding, in each of its layouts, and against the machine.

    python benchmarks/train.py smol --out FILE [--threads 2] [--rounds 5] [--steps 6]
    python benchmarks/train.py shapes --out FILE [--device cuda] [--minutes 8] [--tokenizer FOLDER] [--data FOLDER]

`smol` finetunes recipes/smol.yaml on the CPU: with the recipe's own kinds of questions and with all kinds, in turn with
the Trainer (`padded_trainer.py`), the same samples in the same steps, round by round; then in each layout. On a machine that
does other work too, processor time and the ratios of a round are what to look at.

`shapes` trains LMs of 1, 7, 8 and 13 B parameters with random weights on one GPU, on real samples with the settings of
recipes/7b.yaml: the 8 B LM with LoRA first, in every layout and beside the Trainer, then all shapes and whatever of
them is trained, until the minutes are over; what was left out is listed. It needs torch, transformers, peft, accelerate, pydantic
and h5py, no deepspeed, and any folder with a tokenizer.json. `--device cpu --shapes tiny` rehearses it.

Needs data/hapt (`llasa prepare-data RawData/ --out data/hapt`). Both write one JSON file.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from train_stage import BenchStage, Stopwatch, make_model, run_steps, shape_folder

from llasa_core.errors import LlasaError
from llasa_core.machine import cpu_name, usable_cores
from llasa_core.model.base_lm import locate
from llasa_core.recipe_file import load_recipe
from llasa_core.train.ceiling import measure
from llasa_core.train.engine import TorchEngine
from llasa_core.train.memory import Ranks, memory_need
from llasa_core.train.placement import Placement
from llasa_core.train.rehearsal import PackShape, rehearse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from padded_trainer import PaddedModel

    from llasa_core.model.multimodal import LlasaModel
    from llasa_core.recipe import Recipe

ROOT = Path(__file__).parents[1]
PACKAGES = ("torch", "transformers", "peft", "accelerate", "numpy")
CEILING_S = 4.0
ADAM_BYTES = 16
"""A trained weight with its gradient and moments."""


def recipe_of(name: str, *settings: str) -> Recipe:
    """Return a recipe of the repository."""
    return load_recipe(ROOT / "recipes" / f"{name}.yaml", list(settings)).resolved


class Sides:
    """One model on both sides, on the same samples."""

    def __init__(self, recipe: Recipe, device: torch.device, stage: BenchStage | None = None) -> None:
        self.recipe, self.device = recipe, device
        model = make_model(recipe, device)
        if stage is None:
            stage = BenchStage(recipe, model)
        else:
            stage.lay(recipe, model)
        self.stage = stage
        self.engine = TorchEngine(model, stage.optimizer)
        self._padded: PaddedModel | None = None
        self._at = 0

    def next_steps(self, n: int) -> range:
        """Return the next steps; the schedule starts over before it ends."""
        if (self._at + n) * self.recipe.finetune.batch_size > len(self.stage.order(range(1))) * self._epoch:
            self._at = 0
        self._at += n
        return range(self._at - n, self._at)

    @property
    def _epoch(self) -> int:
        return self.stage.steps_per_epoch

    def ours(self, steps: range) -> dict[str, float]:
        """Time steps of our loop; the first is not counted."""
        watch = Stopwatch(self.device)
        forget_peak(self.device)
        run_steps(self.stage, self.engine, steps, watch)
        return self._figures(steps, watch)

    def trainer(self, steps: range) -> dict[str, float]:
        """Time the same steps of the Trainer; the first is not counted."""
        from padded_trainer import PaddedModel, Samples, train_padded

        if self._padded is None:
            fresh = make_model(self.recipe.model_copy(update={"finetune": self._frozen()}), self.device)
            self._padded = PaddedModel(self.recipe, fresh.encoder, fresh.projector, fresh.lm).to(self.device)
        watch = Stopwatch(self.device)
        samples = Samples(self.stage.sample, self.stage.order(steps))
        train_padded(self._padded, self.recipe, samples, watch, on_cpu=self.device.type == "cpu")
        return self._figures(steps, watch)

    def _frozen(self) -> Any:
        """Return settings that put no adapter on, but hold the LM in the type that it is trained in."""
        finetune = self.recipe.finetune
        return finetune.model_copy(update={"lm": "frozen"}) if finetune.lm == "adapter" else finetune

    def _figures(self, steps: range, watch: Stopwatch) -> dict[str, float]:
        counted = steps[1:]
        seconds, cpu_s = watch.seconds
        tokens = self.stage.tokens_of(counted)
        samples = len(self.stage.order(counted))
        flops = self.stage.flops_per_token or float("nan")
        return {
            "step_s": seconds / len(counted),
            "step_cpu_s": cpu_s / len(counted),
            "samples_per_s": samples / seconds,
            "tokens_per_s": tokens / seconds,
            "flops": tokens * flops / seconds,
            "cpu_flops": tokens * flops / cpu_s,
        }


def forget_peak(device: torch.device) -> None:
    """Begin to measure the most memory anew."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
