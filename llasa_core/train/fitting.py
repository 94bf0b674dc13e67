"""Choose how a stage is laid out over its devices, so that it fits: the memory gate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from llasa_core.errors import UsageError
from llasa_core.machine import host_memory
from llasa_core.model.parameter_counts import UnknownSizes
from llasa_core.train.engine import ZERO_3
from llasa_core.train.memory import gigabytes, memory_need, stage_doubts
from llasa_core.train.placement import Placement
from llasa_core.train.rehearsal import PackShape, rehearse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.recipe import FinetuneConfig, PretrainConfig, Recipe
    from llasa_core.train.memory import MemoryNeed, Ranks
    from llasa_core.train.placement import Offload, ZeroStage
    from llasa_core.train.rehearsal import Rehearsal

LanguageStageName = Literal["pretrain", "finetune"]
USABLE = 0.92
"""Share of the free memory that is planned with; the rest goes to what the allocator cannot use between its blocks."""
ORDER: tuple[tuple[Offload, tuple[ZeroStage, ...], bool], ...] = (
    ("none", (0, 1, 2), False),
    ("none", (0, 1, 2), True),
    ("none", (3,), False),
    ("none", (3,), True),
    ("optimizer", (1, 2, 3), False),
    ("optimizer", (1, 2, 3), True),
    ("all", (3,), False),
    ("all", (3,), True),
)
"""From quick to slow. Published: activation checkpointing costs a fifth of the speed (torchtune's README); for a LoRA
on three A100, ZeRO 3 took seventy times as long as ZeRO 2 (LLaMA-Factory's issue 3499); offload waits for the bus in
every step. A small number of trained weights leaves ZeRO 1 and 2 little to share, so 0 comes first."""


@dataclass(frozen=True)
class Room:
    """Memory that is free for each rank, in bytes."""

    device: int
    host: int | None
    """For what is offloaded; None where the device is the host, so that it stays in the same memory."""

    def holds(self, need: MemoryNeed) -> bool:
        """Whether a layout that needs so much fits."""
        if self.host is None:
            return need.total + need.on_host <= USABLE * self.device
        return need.total <= USABLE * self.device and need.on_host <= USABLE * self.host


@dataclass(frozen=True)
class Choice:
    """A layout, and why."""

    placement: Placement
    need: MemoryNeed | None
    """None where the base LM's shape is not known yet."""
    why: str
    """One line for people."""
    warning: str | None = None
    """Where the recipe insists on a layout that is not expected to fit."""


def find_room(ranks: Ranks) -> Room | None:
    """Look at the free memory of the fullest GPU, or at the host's; None where the system does not tell."""
    host = host_memory()
    share = host.available // (ranks.n_on_a_host or ranks.n) if host else 0
    if not ranks.has_cuda:
        return Room(share, None) if host else None
    import torch  # noqa: PLC0415 - a plan for CPUs needs none of it

    n_here = min(ranks.n_on_a_host or ranks.n, torch.cuda.device_count())
    return Room(min(torch.cuda.mem_get_info(device)[0] for device in range(n_here)), share)


def choose(
    recipe: Recipe,
    stage: LanguageStageName,
    ranks: Ranks,
    *,
    shape: PackShape | None = None,
    accumulates: bool = True,
    room: Room | None = None,
) -> Choice:
    """Return the quickest layout that fits; what the recipe says is kept.

    Args:
        recipe: with its paths resolved.
        stage: which.
        ranks: who computes.
        shape: of the largest pack; assumed from the budget where the data is not there.
        accumulates: whether a rank computes more than one pack a step.
        room: what is free; looked up when left out.

    Raises:
        UsageError: nothing fits, or the recipe's settings exclude each other.
    """
    config = getattr(recipe, stage)
    options = layouts(config, ranks, is_nf4=recipe.model.quantization == "nf4")
    if not options:
        alone = "" if ranks.is_launched else ": one CPU process has nobody to share with"
        raise UsageError(
            f"`{stage}.zero_stage: {config.zero_stage}` and `{stage}.offload: {config.offload}` cannot be had{alone}",
            fix="set both to `auto`; ZeRO 1 to 3 offload the optimizer, ZeRO 3 alone offloads all",
        )
    needs = memory_needs(recipe, stage, ranks, shape=shape, accumulates=accumulates)
    try:
        needs(options[0])
    except UnknownSizes as reason:
        return Choice(options[0], None, f"{in_words(options[0], ranks)}; memory uncertain: {reason}")
    room = room or find_room(ranks)
    if room is None:
        why = f"{in_words(options[0], ranks)}; this system does not tell how much memory is free"
        return Choice(options[0], needs(options[0]), why)
    is_set = "auto" not in (config.zero_stage, config.offload, config.activation_checkpointing)
    return choose_among(options, needs, room, stage, ranks, is_set=is_set or len(options) == 1)


def layouts(config: PretrainConfig | FinetuneConfig, ranks: Ranks, *, is_nf4: bool = False) -> list[Placement]:
    """Return the layouts that a recipe's settings allow, the quickest first; `auto` stands for any."""
    every = [Placement(zero, offload, again) for offload, stages, again in ORDER for zero in stages]
    if is_nf4:
        every = [one for one in every if one.zero_stage != ZERO_3]  # which cannot cut codes in pieces
    if not ranks.is_launched:
        every = [one for one in every if one.zero_stage == 0]
    elif ranks.n == 1 and config.zero_stage == "auto":
        every = [one for one in every if one.zero_stage == 0 or one.offload != "none"]  # nobody to share with
    allowed = (
        ("zero_stage", config.zero_stage),
        ("offload", config.offload),
        ("activation_checkpointing", config.activation_checkpointing),
    )
    return [one for one in every if all(wanted in ("auto", getattr(one, name)) for name, wanted in allowed)]


def memory_needs(
    recipe: Recipe,
    stage: LanguageStageName,
    ranks: Ranks,
    *,
    shape: PackShape | None = None,
    accumulates: bool = True,
) -> Callable[[Placement], MemoryNeed]:
    """Return what tells the memory that a layout needs; the model is rehearsed at most twice, when first asked.

    Args:
        recipe: with its paths resolved.
        stage: which.
        ranks: who computes.
        shape: of the largest pack; assumed from the budget where the data is not there.
        accumulates: whether a rank computes more than one pack a step.
    """
    config = getattr(recipe, stage)
    known = shape or PackShape.assumed(config.micro_batch_tokens, recipe.model.sensor_tokens)
    device = "cuda" if ranks.has_cuda else "cpu"

    @cache
    def rehearsed(again: bool) -> Rehearsal:  # noqa: FBT001 - a key
        return rehearse(recipe, stage, known, activation_checkpointing=again, device=device)

    def of(placement: Placement) -> MemoryNeed:
        return memory_need(
            rehearsed(placement.activation_checkpointing),
            placement,
            ranks,
            is_nf4=recipe.model.quantization == "nf4",
            accumulates=accumulates,
            doubts=stage_doubts(config, is_pack_known=shape is not None),
        )

    return of


def choose_among(
    options: Sequence[Placement],
    needs: Callable[[Placement], MemoryNeed],
    room: Room,
    stage: LanguageStageName,
    ranks: Ranks,
    *,
    is_set: bool,
) -> Choice:
    """Return the first layout that fits.

    Args:
        options: the quickest first.
        needs: what each needs.
        room: what there is.
        stage: for the error.
        ranks: who computes.
        is_set: whether the recipe leaves no choice; then its layout is taken with a warning where it does not fit.

    Raises:
        UsageError: nothing fits.
    """
    usable = USABLE * room.device
    there_is = f"{gigabytes(usable)} of {gigabytes(room.device)} free"
    for placement in options:
        need = needs(placement)
        if room.holds(need):
            passed = needs(options[0]).total if placement != options[0] else None
            instead = "" if passed is None else f"; {in_words(options[0], ranks)} would need {gigabytes(passed)}"
            why = f"{in_words(placement, ranks)}: {_needs(need)} a device, {there_is}{instead}"
            return Choice(placement, need, why)
    least = min(options, key=lambda placement: needs(placement).total)
    if is_set:
        least = options[0]
        warning = (
            f"{in_words(least, ranks)} is set, {_needs(needs(least))} a device predicted, {there_is}: it may not fit"
        )
        return Choice(least, needs(least), f"{in_words(least, ranks)}: set by the recipe", warning)
    raise UsageError(
        f"the {stage} stage does not fit: {in_words(least, ranks)} would need {needs(least)}\n  there is  {there_is}",
        fix=_what_to_change(stage, ranks),
    )


def in_words(placement: Placement, ranks: Ranks) -> str:
    """Return a layout in a few words."""
    shared = {0: "nothing shared", 1: "ZeRO 1", 2: "ZeRO 2", 3: "ZeRO 3"}[placement.zero_stage]
    if not ranks.is_launched:
        shared = "one CPU process"
    again = ", activation checkpointing" if placement.activation_checkpointing else ""
    offload = {"none": "", "optimizer": ", optimizer offloaded", "all": ", weights and optimizer offloaded"}
    return f"{shared}{again}{offload[placement.offload]}"


def _needs(need: MemoryNeed) -> str:
    return f"{'' if need.is_certain else 'about '}{gigabytes(need.total)}"


def _what_to_change(stage: LanguageStageName, ranks: Ranks) -> str:
    more = "more GPUs (`--gpus`)" if ranks.has_cuda else "fewer processes (`--gpus`)"
    lm = ", `finetune.lm: adapter`" if stage == "finetune" else ""
    return (
        f"a smaller `{stage}.micro_batch_tokens`, `model.quantization: nf4`{lm}, a smaller LM, or {more}; "
        f"whoever sets `zero_stage`, `offload` and `activation_checkpointing` is only warned"
    )
