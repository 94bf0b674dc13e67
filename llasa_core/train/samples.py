"""The samples that a stage begins with, encoded: how long they are, how they pack, and what of them is learned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.model.base_lm import EMBEDDED, TINY, BaseLm, is_fetched, locate
from llasa_core.model.lm_folder import read_config
from llasa_core.model.tiny_lm import TINY_CONFIG
from llasa_core.train.checks import check_samples, context_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llasa_core.data.qa import QaItem
    from llasa_core.model.prompt import Encoded
    from llasa_core.model.text import TextCodec
    from llasa_core.recipe import Recipe, StageName
    from llasa_core.train.schedule import Schedule

MOST_ENCODED = 2000
"""Samples that are looked at: a second or two. The steps are drawn at random, so these stand for all."""
PREVIEWED = 2
CONTROL = {"\n": "⏎", "\t": "⇥", "\r": "␍"}
"""How letters that a terminal would obey are shown; others become `�`."""
BARS = 8
BAR_WIDTH = 40


@dataclass(frozen=True)
class Piece:
    """A run of tokens of one kind."""

    text: str
    tokens: int
    kind: str
    """`prompt`, `learned` or `sensor`."""


@dataclass(frozen=True)
class Preview:
    """What a sample is to the LM."""

    id: str
    pieces: tuple[Piece, ...]

    def line(self, mark: Callable[[str], str]) -> str:
        """Return the sample as one line, with what is learned marked."""
        parts = []
        for piece in self.pieces:
            text = "".join(letter if letter.isprintable() else CONTROL.get(letter, "�") for letter in piece.text)
            parts.append(mark(text) if piece.kind == "learned" else text)
        return "".join(parts)


def bracketed(text: str) -> str:
    """Mark what is learned where there is no colour."""
    return f"[[{text}]]"


@dataclass(frozen=True)
class PackSize:
    """How large a pack is."""

    tokens: int
    samples: int
    longest: int
    windows: int
    learned: int

    @classmethod
    def covering(cls, sizes: Sequence[PackSize]) -> PackSize:
        """Return a size that is at least each of these; `blocks` pads all samples of a pack to its longest."""
        padded = max(sizes, key=lambda size: size.samples * size.longest)
        return cls(
            max(size.tokens for size in sizes),
            padded.samples,
            padded.longest,
            max(size.windows for size in sizes),
            max(size.learned for size in sizes),
        )


@dataclass(frozen=True)
class SampleSurvey:
    """Of the samples of a stage's first steps; lengths in tokens, sensor tokens counted."""

    samples: int
    steps: int
    is_all: bool
    """Whether these are all samples of the first epoch."""
    shortest: int
    p50: int
    p95: int
    longest: int
    histogram: tuple[tuple[int, int, int], ...]
    """(from, to, samples): lengths [from, to)."""
    learned_share: float
    """Of the tokens."""
    packs_per_step: float
    """Over all devices."""
    packing_efficiency: float
    """Tokens, divided by what the packs that hold them could hold."""
    tokens_per_step: float
    tokens_per_epoch: int
    """Estimated from these samples."""
    context: int | None
    """Most tokens that the base LM takes."""
    largest_pack: PackSize
    """At least as large as each of these packs; what memory is predicted from."""
    previews: tuple[Preview, ...] = field(repr=False)

    def lines(self, budget: int, mark: Callable[[str], str] = bracketed) -> list[str]:
        """Return the survey for people."""
        which = "all of an epoch" if self.is_all else f"of the first {self.steps:,} steps"
        lengths = f"{self.p50:,} (median), {self.p95:,} (95 %), {self.longest:,} (longest) tokens"
        packs = f"{self.packs_per_step:.1f} a step, {100 * self.packing_efficiency:.0f} % of {budget:,} tokens filled"
        tokens = f"{self.tokens_per_step:,.0f} a step, about {self.tokens_per_epoch:,} an epoch"
        return [
            f"  lengths   {lengths}; {self.samples:,} samples, {which}",
            *self._bars(),
            f"  packs     {packs}; nothing is padded",
            f"  tokens    {tokens}; {100 * self.learned_share:.0f} % of them learned",
            *(f"  sample    {preview.id}: {preview.line(mark)}" for preview in self.previews),
        ]

    def _bars(self) -> list[str]:
        most = max(count for _, _, count in self.histogram)
        width = len(f"{self.histogram[-1][1]:,}")
        lines = []
        for start, end, count in self.histogram:
            bar = "█" * round(BAR_WIDTH * count / most) or "·"
            lines.append(f"            {start:>{width},}–{end - 1:<{width},} {bar} {count:,}")
        return lines


def local_lm(name: str) -> BaseLm | None:
    """Find a base LM on this machine; None where it has to be fetched first.

    Raises:
        ModelError: no name can mean such an LM, or its folder holds none.
    """
    from pathlib import Path  # noqa: PLC0415

    if name in EMBEDDED:
        return locate(name) if is_fetched(name) else None
    is_hub_id = not Path(name).expanduser().is_dir() and name.count("/") == 1 and not name.startswith((".", "/", "~"))
    if name == TINY or not is_hub_id:
        return locate(name)
    from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 - only where a hub id is named

    found = try_to_load_from_cache(name, "config.json")
    return BaseLm(name, Path(found).parent) if isinstance(found, str) else None


def config_of(base: BaseLm) -> dict[str, Any]:
    """Return what a base LM's `config.json` says."""
    return TINY_CONFIG if base.folder is None else read_config(base.folder)


def survey(
    recipe: Recipe,
    stage: StageName,
    items: Sequence[QaItem],
    schedule: Schedule,
    base: BaseLm,
    n_ranks: int,
    qa_file: Path,
) -> SampleSurvey:
    """Encode the samples of the first steps, at most `MOST_ENCODED` and one epoch, and pack them as the run will.

    Args:
        recipe: with its paths resolved.
        stage: `pretrain` or `finetune`.
        items: what the stage chooses from.
        schedule: of the stage.
        base: the base LM, whose tokenizer is used.
        n_ranks: devices that share a step.
        qa_file: for errors.

    Raises:
        ModelError: the tokenizer or the chat template cannot be used.
        DataError: samples that are too long, or have nothing to learn.
    """
    from llasa_core.model.collate import encode, length_of  # noqa: PLC0415 - torch
    from llasa_core.model.packing import plan_packs  # noqa: PLC0415
    from llasa_core.model.prompt import make_template  # noqa: PLC0415
    from llasa_core.model.text import TextCodec  # noqa: PLC0415

    codec = TextCodec.of(base)
    template = make_template(recipe.model, codec)
    budget = getattr(recipe, stage).micro_batch_tokens
    sensor_tokens = recipe.model.sensor_tokens
    n_steps = max(1, min(schedule.steps_per_epoch, schedule.n_steps, MOST_ENCODED // schedule.batch_size))
    steps = [schedule.items_of(step).tolist() for step in range(n_steps)]
    chosen = [item for step in steps for item in step]
    encoded = [encode(template, items[i].conversations, len(items[i].windows)) for i in chosen]
    lengths = [length_of(one, sensor_tokens) for one in encoded]
    learned = [sum(one.is_answer) for one in encoded]
    context = context_of(config_of(base))
    ids = [items[i].id for i in chosen]
    check_samples(lengths, learned, ids, budget, context, stage=stage, where=qa_file)
    firsts = np.cumsum([0, *map(len, steps)]).tolist()
    packs = [
        [first + place for place in pack]
        for first, step in zip(firsts, steps, strict=False)
        for of_rank in plan_packs(lengths[first : first + len(step)], budget, n_ranks)
        for pack in of_rank
    ]

    def size_of(pack: list[int]) -> PackSize:
        windows = sum(encoded[i].n_windows for i in pack)
        longest = max(lengths[i] for i in pack)
        return PackSize(sum(lengths[i] for i in pack), len(pack), longest, windows, sum(learned[i] for i in pack))

    return SampleSurvey(
        samples=len(chosen),
        steps=n_steps,
        is_all=len(chosen) == schedule.items_per_epoch,
        shortest=min(lengths),
        p50=int(np.percentile(lengths, 50)),
        p95=int(np.percentile(lengths, 95)),
        longest=max(lengths),
        histogram=_histogram(lengths),
        learned_share=round(sum(learned) / sum(lengths), 4),
        packs_per_step=round(len(packs) / n_steps, 2),
        packing_efficiency=round(sum(lengths) / (len(packs) * budget), 4),
        tokens_per_step=round(sum(lengths) / n_steps, 1),
        tokens_per_epoch=round(sum(lengths) / len(lengths) * schedule.items_per_epoch),
        context=context,
        largest_pack=PackSize.covering([size_of(pack) for pack in packs if pack]),
        previews=tuple(
            Preview(name, tuple(_pieces(one, codec, sensor_tokens)))
            for name, one in list(zip(ids, encoded, strict=True))[:PREVIEWED]
        ),
    )


def _histogram(lengths: Sequence[int]) -> tuple[tuple[int, int, int], ...]:
    """Count lengths in at most `BARS` bins of equal, whole width."""
    first, after = min(lengths), max(lengths) + 1
    width = -(-(after - first) // BARS)
    edges = range(first, after, width)
    counts = np.bincount((np.asarray(lengths) - first) // width, minlength=len(edges)).tolist()
    return tuple((start, start + width, count) for start, count in zip(edges, counts, strict=True))


def _pieces(encoded: Encoded, codec: TextCodec, sensor_tokens: int) -> list[Piece]:
    """Cut a sample where the kind of its tokens changes; each window's sensor tokens are a piece."""
    from llasa_core.model.prompt import SENSOR_ID  # noqa: PLC0415

    pieces: list[Piece] = []
    run: list[int] = []

    def close(kind: str) -> None:
        if run:
            pieces.append(Piece(codec.spell(run), len(run), kind))
            run.clear()

    kind = "prompt"
    for token, is_answer in zip(encoded.ids, encoded.is_answer, strict=True):
        if token == SENSOR_ID:
            close(kind)
            pieces.append(Piece(f"<sensor>×{sensor_tokens}", sensor_tokens, "sensor"))
            continue
        if (now := "learned" if is_answer else "prompt") != kind:
            close(kind)
            kind = now
        run.append(token)
    close(kind)
    return pieces


def as_plain(survey: SampleSurvey) -> dict[str, Any]:
    """Return the object that `--json` prints."""
    values = {name: getattr(survey, name) for name in survey.__dataclass_fields__ if name != "histogram"}
    bars = [{"from_tokens": start, "to_tokens": end - 1, "samples": count} for start, end, count in survey.histogram]
    return {**values, "unit": "tokens", "histogram": bars}
