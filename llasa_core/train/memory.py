"""How much memory a stage needs on each device, before anything is loaded.

What one pack holds is counted by a rehearsal of the model on fake tensors (`rehearsal.py`); what weights, gradients
and AdamW's moments hold is arithmetic: 4 bytes a trained weight, 4 its gradient, 8 its moments, shared as ZeRO does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.train.engine import BUCKET_ELEMENTS, ZERO_3
from llasa_core.train.rehearsal import GRADIENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.recipe import FinetuneConfig, PretrainConfig
    from llasa_core.train.placement import Placement
    from llasa_core.train.rehearsal import Rehearsal

FLOAT = 4
"""Bytes of a float32."""
NF4_BYTES = 0.53
"""Bytes of a 4-bit weight and its share of the scales, themselves quantised (Dettmers et al., QLoRA, 2023)."""
UNSHARED_BUCKET_ELEMENTS = 500_000_000
"""Gradients that DeepSpeed exchanges at once under ZeRO 0."""
LIVE_ELEMENTS = 1_000_000_000
"""DeepSpeed's `stage3_max_live_parameters`: about as many weights are whole at once with ZeRO 3."""
PREFETCH_ELEMENTS = 50_000_000
"""DeepSpeed's `stage3_prefetch_bucket_size`."""
CUDA_BYTES = 700 * 10**6
"""CUDA's context, its kernels and cuBLAS's workspaces: a round figure for recent GPUs, counted in no tensor."""
NCCL_BYTES = 400 * 10**6
"""NCCL's buffers, with more than one rank: a round figure."""
PROCESS_BYTES = 10**9
"""Python, torch, transformers and peft hold 0.47 GB in a CPU process before a weight is loaded. In bfloat16 oneDNN
compiles every new shape of a product, and packs differ in length: 0.8 MB were measured for each shape."""
KEPT_BY_THE_HEAP = 0.6
"""glibc keeps so much more than packs hold, for later: 0.3 to 0.8 measured on SmolLM2 by benchmarks/memory.py."""


@dataclass(frozen=True)
class MemoryNeed:
    """What one device holds at its fullest moment, in bytes."""

    items: dict[str, int]
    """In tensors, by what they are."""
    beside: int
    """What the process or the CUDA context holds besides."""
    on_host: int
    """What is offloaded to the host's memory, for each rank."""
    reasons: tuple[str, ...] = ()
    """Why `tensors` may be more than a tenth off; none where it was compared with what was counted."""

    @property
    def tensors(self) -> int:
        """Bytes in tensors: what `torch.cuda.max_memory_allocated` tells."""
        return sum(self.items.values())

    @property
    def total(self) -> int:
        """Bytes in all."""
        return self.tensors + self.beside

    @property
    def is_certain(self) -> bool:
        """Whether the bytes in tensors are known to be within a tenth."""
        return not self.reasons

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` shows."""
        return {
            "bytes": self.total,
            "tensor_bytes": self.tensors,
            "items_bytes": self.items,
            "beside_tensors_bytes": self.beside,
            "on_host_bytes": self.on_host,
            "is_certain": self.is_certain,
            "reasons": list(self.reasons),
        }

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return the sum and its parts, for people."""
        sure = "" if self.is_certain else f"  (uncertain: {'; '.join(self.reasons)})"
        parts = {**self.items, "beside tensors": self.beside}
        shown = [f"  {name:<36}{gigabytes(size):>10}" for name, size in parts.items() if size]
        host = [f"  {'in the host, offloaded':<36}{gigabytes(self.on_host):>10}"] if self.on_host else []
        return [f"{gigabytes(self.total)} a device{sure}", *shown, *host]


def gigabytes(size: float) -> str:
    """Write bytes as people compare them: `1.32 GB`."""
    return f"{size / 1e9:,.2f} GB"


@dataclass(frozen=True)
class Ranks:
    """Who computes."""

    n: int
    has_cuda: bool
    n_on_a_host: int | None = None
    """Of several hosts; all when left out."""

    @property
    def is_launched(self) -> bool:
        """Whether DeepSpeed does the steps."""
        return self.has_cuda or self.n > 1


def memory_need(
    rehearsal: Rehearsal,
    placement: Placement,
    ranks: Ranks,
    *,
    is_nf4: bool = False,
    accumulates: bool = True,
    doubts: Sequence[str] = (),
) -> MemoryNeed:
    """Sum up what a device holds.

    Args:
        rehearsal: of the stage's largest pack, with or without activation checkpointing as in `placement`.
        placement: ZeRO stage and offload.
        ranks: how many share, and what they are.
        is_nf4: whether frozen linear layers are held in 4 bits.
        accumulates: whether a rank computes more than one pack a step, and so holds gradients while it does.
        doubts: what else makes the figure less sure.
    """
    stage, trained = placement.zero_stage, FLOAT * rehearsal.n_trained
    share = 1 / ranks.n if stage else 1.0
    pack = dict(rehearsal.later if accumulates or stage else rehearsal.alone)
    gradients = pack.pop(GRADIENTS, 0)
    frozen = _frozen(rehearsal, is_nf4=is_nf4)
    items = {
        "frozen weights": frozen,
        "trained weights": trained,
        "gradients": gradients,
        "AdamW's moments": 2 * trained,
    }
    bucket = _bucket(ranks, stage, trained)
    if stage:
        items["float32 copy that ZeRO updates"] = trained
        for name in ("float32 copy that ZeRO updates", "AdamW's moments"):
            items[name] = round(items[name] * share)
        items["gradients"] = trained if stage == 1 else round(trained * share)
        items["bucket of gradients"] = bucket
    if stage == ZERO_3:
        gathered = _gathered(rehearsal)
        items |= {"frozen weights": round(frozen * share), "trained weights": round(trained * share)}
        items |= {"gradients": round(trained * share), "weights gathered for use": gathered}
    on_host = 0
    for name in _offloaded(placement):
        on_host += items.get(name, 0)
        items[name] = 0
    if is_nf4:
        pack["a layer's weights, unpacked"] = 2 * rehearsal.largest
    at_exchange = 0
    if ranks.is_launched:
        at_exchange = (trained - gradients + bucket, round(trained * share), trained, 0)[stage]
    if at_exchange > sum(pack.values()):  # the pack is gone when ranks exchange what it left
        pack = {"gradients, exchanged": at_exchange}
    if ranks.has_cuda:
        beside = CUDA_BYTES + (NCCL_BYTES if ranks.n > 1 else 0)
    else:
        beside = PROCESS_BYTES + round(KEPT_BY_THE_HEAP * sum(pack.values()))
    return MemoryNeed({**items, **pack}, beside, on_host, (*doubts, *_doubts(placement, ranks, is_nf4=is_nf4)))


def _bucket(ranks: Ranks, zero_stage: int, trained: int) -> int:
    """Return what DeepSpeed copies gradients into: a buffer of fixed size under ZeRO 1 to 3, else what is needed."""
    if not ranks.is_launched:
        return 0
    return FLOAT * BUCKET_ELEMENTS if zero_stage else min(trained, FLOAT * UNSHARED_BUCKET_ELEMENTS)


def _frozen(rehearsal: Rehearsal, *, is_nf4: bool) -> int:
    if not is_nf4:
        return rehearsal.frozen
    return round(rehearsal.frozen - rehearsal.quantizable + rehearsal.n_quantizable * NF4_BYTES)


def _gathered(rehearsal: Rehearsal) -> int:
    """Return what ZeRO 3 holds of whole weights, and of those on their way."""
    mean = (rehearsal.frozen + FLOAT * rehearsal.n_trained) / rehearsal.n_elements
    together = min(rehearsal.n_elements, LIVE_ELEMENTS) + min(rehearsal.n_elements, PREFETCH_ELEMENTS)
    return round(mean * together)


def _offloaded(placement: Placement) -> tuple[str, ...]:
    optimizer = ("float32 copy that ZeRO updates", "AdamW's moments", "gradients")
    return {"none": (), "optimizer": optimizer, "all": (*optimizer, "frozen weights", "trained weights")}[
        placement.offload
    ]


def _doubts(placement: Placement, ranks: Ranks, *, is_nf4: bool) -> list[str]:
    doubts = []
    if ranks.has_cuda:
        doubts.append("not yet compared with a CUDA device")
    if placement.zero_stage == ZERO_3:
        doubts.append("DeepSpeed decides how many weights are whole at once")
    if placement.offload != "none":
        doubts.append("offload was not compared with a run")
    if is_nf4:
        doubts.append("4-bit weights were not compared with a run")
    return doubts


def stage_doubts(config: PretrainConfig | FinetuneConfig, *, is_pack_known: bool) -> tuple[str, ...]:
    """Return what of a stage's settings makes its rehearsal less sure."""
    doubts = []
    if config.compile:
        doubts.append("torch.compile keeps other activations")
    if not is_pack_known:
        doubts.append("its samples were not looked at, so the largest pack was assumed")
    return tuple(doubts)
