"""How a stage would use this machine: attention, layout and memory, and room on the disk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.model.config import AttentionName
    from llasa_core.recipe import FinetuneConfig, PretrainConfig, Recipe, StageName
    from llasa_core.train.fitting import Choice
    from llasa_core.train.placement import Placement
    from llasa_core.train.samples import SampleSurvey


@dataclass(frozen=True)
class Devices:
    """Where runs are kept, and what computes them."""

    runs: Path = Path("runs")
    n_ranks: int = 1
    has_cuda: bool = False
    n_on_a_host: int | None = None
    """Of several hosts; all when left out."""

    @property
    def disk_free_bytes(self) -> int:
        """Room for runs; their folder need not be there yet."""
        folder = self.runs.absolute()
        while not folder.is_dir():
            folder = folder.parent
        return shutil.disk_usage(folder).free


@dataclass(frozen=True)
class AttentionChoice:
    """Which attention a stage takes, and why."""

    name: AttentionName
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def attention_of(
    recipe: Recipe, config: PretrainConfig | FinetuneConfig, lm_config: dict[str, Any], devices: Devices
) -> AttentionChoice:
    """Say which attention a stage would take on these devices.

    Raises:
        ModelError: the recipe names one that cannot be had.
    """
    import torch  # noqa: PLC0415 - a plan without a look at the samples needs none

    from llasa_core.model.attention import choose_attention  # noqa: PLC0415

    device = torch.device("cuda" if devices.has_cuda else "cpu")
    dtype = getattr(torch, recipe.model.dtype)
    name = choose_attention(config.attention, SimpleNamespace(**lm_config), device, dtype)
    if config.attention != "auto":
        return AttentionChoice(name, "as the recipe says")
    reasons = {
        "eager": "the base LM's own attention does what no other does",
        "flash": "flash-attn is installed",
        "varlen": "torch's kernel for documents of different lengths",
        "each": "no kernel without a CUDA device",
        "blocks": "the kernels want 16 bits and narrow heads",
    }
    return AttentionChoice(name, reasons[name])


def layout_of(recipe: Recipe, stage: StageName, devices: Devices, samples: SampleSurvey | None) -> Choice:
    """Say how a stage would be laid out over these devices, and predict what memory it takes there.

    Raises:
        LlasaError: it does not fit, or the recipe asks for what cannot be.
    """
    from llasa_core.train.fitting import choose  # noqa: PLC0415 - torch and transformers
    from llasa_core.train.memory import Ranks  # noqa: PLC0415
    from llasa_core.train.rehearsal import PackShape  # noqa: PLC0415

    assert stage != "encoder"  # noqa: S101 - it is small enough for anything
    ranks = Ranks(devices.n_ranks, devices.has_cuda, devices.n_on_a_host)
    if samples is None:
        return choose(recipe, stage, ranks)
    size = samples.largest_pack
    shape = PackShape(size.tokens, size.samples, size.longest, size.windows, size.learned)
    return choose(recipe, stage, ranks, shape=shape, accumulates=samples.packs_per_step > devices.n_ranks)


PLENTY = 0.5
"""Of the free memory: a stage that cannot take more is not rehearsed, which takes seconds."""
BYTES_A_POSITION = 100
"""For each position, layer and unit of width: more than any layout's activations were found to take."""


def placement_of(recipe: Recipe, stage: StageName, devices: Devices, say: Callable[[str], None]) -> Placement:
    """Decide how a stage is laid out, and say why where there is something to decide.

    Raises:
        LlasaError: it does not fit, or the recipe asks for what cannot be.
    """
    from llasa_core.train.placement import Placement  # noqa: PLC0415

    config = getattr(recipe, stage)
    if config.zero_stage in ("auto", 0) and config.offload in ("auto", "none") and _is_plenty(recipe, config, devices):
        return Placement(activation_checkpointing=config.activation_checkpointing is True)
    choice = layout_of(recipe, stage, devices, None)
    say(f"layout    {choice.why}")
    if choice.warning:
        say(f"warning: {choice.warning}")
    return choice.placement


def _is_plenty(recipe: Recipe, config: PretrainConfig | FinetuneConfig, devices: Devices) -> bool:
    """Say whether a stage on CPUs is so small that it fits however it is laid out."""
    from llasa_core.machine import host_memory  # noqa: PLC0415
    from llasa_core.model.parameter_counts import UnknownSizes, lm_parameters, lm_sizes  # noqa: PLC0415

    memory = host_memory()
    if devices.has_cuda or memory is None:
        return False
    try:
        sizes = lm_sizes(recipe.model.base_lm)
        weights = 16 * lm_parameters(sizes)
    except UnknownSizes:
        return False
    activations: int = BYTES_A_POSITION * config.micro_batch_tokens * sizes["num_hidden_layers"] * sizes["hidden_size"]
    needed: int = (weights + activations) * (devices.n_on_a_host or devices.n_ranks)
    return needed < PLENTY * memory.available
