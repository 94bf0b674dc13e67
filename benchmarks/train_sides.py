"""Both sides of `train.py`: one model in our loop, and the same model in `transformers.Trainer`, step by step timed."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from train_stage import BenchStage, Stopwatch, make_model, run_steps

from llasa_core.recipe_file import load_recipe
from llasa_core.train.ceiling import measure
from llasa_core.train.engine import TorchEngine
from llasa_core.train.memory import Ranks, memory_need
from llasa_core.train.placement import Placement
from llasa_core.train.rehearsal import PackShape, rehearse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from padded_trainer import PaddedModel

    from llasa_core.recipe import Recipe

ROOT = Path(__file__).parents[1]
ENDLESS = "finetune.epochs=1000"
CEILING_S, CEILING_AGAIN_S = 4.0, 1.0

Figures = dict[str, float]
Result = dict[str, Any]


def recipe_of(name: str, *settings: str) -> Recipe:
    """Return a recipe of the repository with other settings."""
    return load_recipe(ROOT / "recipes" / f"{name}.yaml", [ENDLESS, *settings]).resolved


class Ceiling:
    """The most that matrix products reach; looked at again between measurements, since a busy machine hides it."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.flops = measure(device, torch.bfloat16, seconds=CEILING_S)

    def look_again(self) -> None:
        """Keep the best."""
        self.flops = max(self.flops, measure(self._device, torch.bfloat16, seconds=CEILING_AGAIN_S))


class Sides:
    """One model on both sides, on the same samples in the same steps."""

    def __init__(self, recipe: Recipe, device: torch.device, stage: BenchStage | None = None) -> None:
        """Make our side; a stage that has read its samples already can be handed over."""
        self.recipe, self.device = recipe, device
        self._model = make_model(recipe, device)
        self.stage = stage or BenchStage(recipe, self._model)
        self.lay(recipe)
        self._padded: PaddedModel | None = None
        self._at = 0

    def lay(self, recipe: Recipe, *, again: bool = False) -> None:
        """Change the layout; `again` computes activations again."""
        self.recipe = recipe
        self.stage.lay(recipe, self._model, again=again)
        self._engine = TorchEngine(self._model, self.stage.optimizer)
        self._again = again

    def next_steps(self, n: int) -> range:
        """Return the next steps."""
        self._at += n
        return range(self._at - n, self._at)

    def ours(self, steps: range) -> Figures:
        """Time steps of our loop; the first is not counted."""
        watch = Stopwatch(self.device)
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        run_steps(self.stage, self._engine, steps, watch)
        return self._figures(steps, watch)

    def trainer(self, steps: range) -> Figures:
        """Time the same steps of the Trainer; the first is not counted."""
        from padded_trainer import PaddedModel, Samples, train_padded  # noqa: PLC0415 - needs accelerate

        held = torch.cuda.memory_allocated(self.device) if self.device.type == "cuda" else 0
        if self._padded is None:
            fresh = make_model(self._without_adapter(), self.device)
            self._padded = PaddedModel(self.recipe, fresh.encoder, fresh.projector, fresh.lm).to(self.device)
            self._held = held
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        watch = Stopwatch(self.device)
        samples = Samples(self.stage.sample, self.stage.order(steps))
        train_padded(self._padded, self.recipe, samples, watch, on_cpu=self.device.type == "cpu")
        figures = self._figures(steps, watch)
        if "peak_bytes" in figures:
            figures["peak_bytes"] -= self._held  # what our side holds
        return figures

    def _without_adapter(self) -> Recipe:
        """Return the recipe of an LM that peft will put an adapter on."""
        trains: Any = "frozen" if self.recipe.finetune.lm == "adapter" else self.recipe.finetune.lm
        finetune = self.recipe.finetune.model_copy(update={"lm": trains})
        return self.recipe.model_copy(update={"finetune": finetune})

    def _figures(self, steps: range, watch: Stopwatch) -> Figures:
        counted = steps[1:]
        seconds, cpu_s = watch.seconds
        tokens, samples = self.stage.tokens_of(counted), len(self.stage.order(counted))
        flops = tokens * (self.stage.flops_per_token or 0.0)
        figures = {
            "step_s": seconds / len(counted),
            "samples_per_s": samples / seconds,
            "tokens_per_s": tokens / seconds,
            "flops": flops / seconds,
        }
        if self.device.type == "cuda":
            return {**figures, "peak_bytes": torch.cuda.max_memory_allocated(self.device)}
        return {**figures, "step_cpu_s": cpu_s / len(counted), "cpu_flops": flops / cpu_s}

    def predicted_bytes(self, steps: range) -> int:
        """Return what the memory gate says that these steps hold in tensors, without DeepSpeed's own."""
        packs = [self.stage.parts(step, 0, 1) for step in steps]
        shape = PackShape.covering([PackShape.of(pack) for parts in packs for pack in parts])
        rehearsal = rehearse(
            self.recipe, "finetune", shape, activation_checkpointing=self._again, device=self.device.type
        )
        accumulates = max(map(len, packs)) > 1
        placement = Placement(activation_checkpointing=self._again)
        return memory_need(rehearsal, placement, Ranks(1, has_cuda=False), accumulates=accumulates).tensors


def medians(rounds: list[Figures]) -> Figures:
    """Return the median of each figure."""
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def with_mfu(figures: Figures, ceiling: Ceiling) -> Figures:
    """Say operations a second as a share of the ceiling; in processor time too, of a ceiling that one thread has."""
    shares = {"mfu": figures.pop("flops") / ceiling.flops}
    if "cpu_flops" in figures:
        shares["mfu_cpu"] = figures.pop("cpu_flops") * torch.get_num_threads() / ceiling.flops
    return {**figures, **shares}


def beside_trainer(sides: Sides, rounds: int, steps: int, ceiling: Ceiling) -> Result:
    """Measure both sides in turn, round by round."""
    ours, trainer, padding = [], [], []
    for i in range(rounds):
        these = sides.next_steps(steps)
        ceiling.look_again()
        both = [(ours, sides.ours), (trainer, sides.trainer)]
        for kept, side in both if i % 2 == 0 else reversed(both):
            kept.append(side(these))
        padding.append(sides.stage.padded_tokens_of(these) / sides.stage.tokens_of(these))
        show(f"round {i + 1}", {"ours": ours[-1]["samples_per_s"], "trainer": trainer[-1]["samples_per_s"]})
    clock = "step_cpu_s" if "step_cpu_s" in ours[0] else "step_s"

    def ratios(figure: str) -> list[float]:
        return [theirs[figure] / mine[figure] for mine, theirs in zip(ours, trainer, strict=True)]

    return {
        "rounds": rounds,
        "steps_a_round": steps - 1,
        "matmul_ceiling_flops": ceiling.flops,
        "padded_to_real_tokens": statistics.median(padding),
        "ours": with_mfu(medians(ours), ceiling),
        "trainer": with_mfu(medians(trainer), ceiling),
        "times_the_trainers_samples_per_s": {"median": statistics.median(ratios("step_s")), "rounds": ratios("step_s")},
        "in_processor_time": {"median": statistics.median(ratios(clock)), "rounds": ratios(clock)},
    }


def show(name: str, figures: Mapping[str, Any]) -> None:
    """Print a line of figures."""
    numbers = ", ".join(f"{key} {value:,.3f}" for key, value in figures.items() if isinstance(value, float))
    print(f"{name}: {numbers}", flush=True)
