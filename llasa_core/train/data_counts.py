"""What a data folder holds, and whether a recipe can use it. Needs no torch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.partition import AS_PREPARED
from llasa_core.data.qa import read_qa
from llasa_core.data.report import report_of
from llasa_core.data.split import SPLITS
from llasa_core.data.split_items import split_items
from llasa_core.data.store import WindowStore, check_shards, read_manifest
from llasa_core.errors import DataError, LlasaError

if TYPE_CHECKING:
    from llasa_core.data.partition import Parting
    from llasa_core.data.qa import QaItem
    from llasa_core.data.split import Split
    from llasa_core.recipe import Recipe


@dataclass(frozen=True)
class DataCounts:
    """What the data folder holds."""

    folder: str
    splits: dict[str, dict[str, int]]
    """Subjects and windows of each split."""
    qa_items: dict[str, dict[str, int]]
    """Items of each kind, of each split."""
    parting: str = ""
    """How the people were parted, if not as the data was prepared."""

    def lines(self) -> list[str]:
        """Return the counts for people."""
        lines = [f"data      {self.folder}{self.parting and f', {self.parting}'}"]
        for split, counts in self.splits.items():
            kinds = ", ".join(f"{n:,} {kind}" for kind, n in self.qa_items[split].items())
            of_people = f"{counts['windows']:,} windows of {counted(counts['subjects'], 'subject')}"
            lines.append(f"  {split:<8}{of_people}; QA items: {kinds or 'none'}")
        return lines


@dataclass(frozen=True)
class DataFound:
    """A data folder as far as it can be read, and what is wrong with it."""

    manifest: dict[str, Any] | None
    counts: DataCounts | None
    train_items: list[QaItem]
    problem: LlasaError | None


def look_at_data(recipe: Recipe) -> DataFound:
    """Read a recipe's data folder, as far as it can be read, and say what is wrong with it."""
    folder = recipe.data.folder
    try:
        manifest = read_manifest(folder)
    except LlasaError as error:
        return DataFound(None, None, [], error)
    report = report_of(folder, manifest, 0.0)
    splits = {name: {key: part[key] for key in ("subjects", "windows")} for name, part in report.splits.items()}
    counts = DataCounts(str(folder), splits, {split: {} for split in SPLITS}, _words(recipe.data.parting))
    train_items: list[QaItem] = []
    try:
        store = None if recipe.data.parting == AS_PREPARED else WindowStore(folder, recipe.data.parting)
        for split in SPLITS:
            items = read_qa(folder / f"qa-{split}.json") if store is None else split_items(store, split)
            counts.splits[split] = splits[split] if store is None else _counts(store, split)
            counts.qa_items[split] = dict(Counter(item.kind for item in items).most_common())
            train_items = items if split == "train" else train_items
        check_fits(recipe, manifest)
        check_shards(folder, manifest)
    except LlasaError as error:
        return DataFound(manifest, counts, train_items, error)
    return DataFound(manifest, counts, train_items, None)


def _words(parting: Parting) -> str:
    if parting.fold is not None:
        return f"fold {parting.fold} of its people"
    return "" if parting.leave_out is None else f"without {parting.leave_out}"


def _counts(store: WindowStore, split: Split) -> dict[str, int]:
    rows = store.rows(split)
    return {"subjects": len(np.unique(store.subject[rows])), "windows": len(rows)}


def check_fits(recipe: Recipe, manifest: dict[str, Any]) -> None:
    """Check that the encoder takes the data folder's windows and that the sensor tokens divide them.

    Raises:
        DataError: they do not fit.
    """
    windows = manifest["settings"]["windows"]
    length = round(windows["window_s"] * windows["sampling_rate_hz"])
    if length > recipe.encoder.max_len:
        raise DataError(
            f"a window of {length} samples is longer than the encoder's {recipe.encoder.max_len}",
            where=recipe.data.folder,
            fix="prepare the data with shorter windows, or raise `encoder.max_len`",
        )
    if length % recipe.model.sensor_tokens:
        raise DataError(
            f"{recipe.model.sensor_tokens} sensor tokens do not divide a window of {length} samples",
            where=recipe.data.folder,
            fix=f"set `model.sensor_tokens` to a divisor of {length}",
        )


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
