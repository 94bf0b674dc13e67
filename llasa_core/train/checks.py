"""What would spoil a run or end it late, found before its first step. Needs no torch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llasa_core.errors import DataError, ErrorGroup, LlasaError, ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.recipe import StageName

SAMPLES_NAMED = 3
"""Of those that are wrong."""
PUBLISHED_HZ = 20.0
"""Rate of everything that LIMU-BERT's authors published encoders for (their `dataset/data_config.json`)."""
STRETCHED = ("linear", "dynamic")
"""Kinds of rope scaling whose `max_position_embeddings` is the length before it."""


def check_samples(
    lengths: Sequence[int],
    answer_tokens: Sequence[int],
    ids: Sequence[str],
    budget: int,
    context: int | None,
    *,
    stage: StageName = "finetune",
    where: Path | None = None,
) -> None:
    """Check that every encoded sample can be computed, and that something is learned from it.

    Args:
        lengths: positions of each sample, sensor tokens counted.
        answer_tokens: learned tokens of each.
        ids: names of the samples.
        budget: `micro_batch_tokens`: nothing is ever cut to it.
        context: most positions that the base LM was made for; None where it does not say.
        stage: whose setting to name.
        where: the QA file.

    Raises:
        DataError: some are too long, or have nothing to learn.
        ErrorGroup: both.
    """
    samples = list(zip(ids, lengths, strict=True))
    over_budget = [(name, length) for name, length in samples if length > budget]
    over_context = [(name, length) for name, length in samples if context is not None and length > context]
    silent = [(name, length) for (name, length), n in zip(samples, answer_tokens, strict=True) if n == 0]
    found: list[LlasaError] = []
    if over_budget:
        longest = max(length for _, length in over_budget)
        found.append(
            DataError(
                f"{_are(over_budget)} longer than the {budget:,} tokens of a pack: {_names(over_budget)}",
                where=where,
                fix=f"set `{stage}.micro_batch_tokens` to {longest} or more; a sample is never cut",
            )
        )
    if over_context:
        found.append(
            DataError(
                f"{_are(over_context)} longer than the base LM's {context:,} tokens: {_names(over_context)}",
                where=where,
                fix="lower `model.sensor_tokens`, leave these samples out, or name an LM with a longer context",
            )
        )
    if silent:
        found.append(
            DataError(
                f"{_count(silent)} with no token to learn: {_names(silent)}",
                where=where,
                fix="give these samples an answer, or leave them out",
            )
        )
    if found:
        raise found[0] if len(found) == 1 else ErrorGroup(found)


def _count(samples: Sequence[Any]) -> str:
    return f"{len(samples):,} sample{'' if len(samples) == 1 else 's'}"


def _are(samples: Sequence[Any]) -> str:
    return f"{_count(samples)} {'is' if len(samples) == 1 else 'are'}"


def _names(samples: Sequence[tuple[str, int]]) -> str:
    shown = ", ".join(f"{name} ({length:,})" for name, length in samples[:SAMPLES_NAMED])
    return shown + (f" and {len(samples) - SAMPLES_NAMED:,} more" if len(samples) > SAMPLES_NAMED else "")


def context_of(lm_config: dict[str, Any]) -> int | None:
    """Return how many positions a base LM takes, by its `config.json`; None where it does not say."""
    length = lm_config.get("max_position_embeddings")
    scaling = lm_config.get("rope_scaling") or lm_config.get("rope_parameters") or {}
    kind = scaling.get("rope_type") or scaling.get("type")
    return round(length * scaling.get("factor", 1.0)) if length and kind in STRETCHED else length


def check_windows(manifest: dict[str, Any], source: Path, folder: Path) -> None:
    """Check that a data folder's windows are of the rate and length that a stage's source was trained on.

    Args:
        manifest: of the data folder.
        source: what the stage starts from: a checkpoint folder, or an encoder's file.
        folder: of the data, for the error.

    Raises:
        DataError: another rate or length.
        ModelError: the checkpoint's config cannot be read.
    """
    windows = manifest["settings"]["windows"]
    rate, seconds = float(windows["sampling_rate_hz"]), float(windows["window_s"])
    trained = _trained_on(source)
    if trained is None:
        return
    trained_rate, trained_seconds = trained
    if rate != trained_rate:
        raise DataError(
            f"the windows are sampled at {rate:g} Hz, the encoder was trained at {trained_rate:g} Hz",
            where=folder,
            fix=f"prepare the data with `--rate {trained_rate:g}`, or train an encoder on this data",
        )
    if trained_seconds is not None and seconds != trained_seconds:
        raise DataError(
            f"the windows last {seconds:g} s, {source} was trained on {trained_seconds:g} s",
            where=folder,
            fix=f"prepare the data with `--window {trained_seconds:g}s`, or train anew on this data with `--fresh`",
        )


def _trained_on(source: Path) -> tuple[float, float | None] | None:
    """Return the rate and window length that a source was trained on, as far as it says."""
    if source.suffix == ".pt":
        return PUBLISHED_HZ, None
    file = (source.parent if source.suffix else source) / "config.json"
    if not file.is_file():
        return None
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        return float(config["sampling_rate_hz"]), float(config["window_s"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"the checkpoint's config.json does not say what it was trained on: {type(error).__name__}",
            where=file,
            fix="run `llasa pretrain` with `--fresh`",
        ) from error
