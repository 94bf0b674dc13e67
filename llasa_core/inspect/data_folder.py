"""A data folder: what is in it, whether its splits are apart, and whether it is as it was written."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.counting import number_of
from llasa_core.data.leaks import leaks_of
from llasa_core.data.quality import Quality
from llasa_core.data.report import report_of
from llasa_core.data.split import SPLITS
from llasa_core.data.store import WindowStore
from llasa_core.errors import DataError
from llasa_core.files import sha256_of
from llasa_core.inspect.looked import counted, facts, section, size_of, table, time_of
from llasa_core.inspect.qa_files import count_questions
from llasa_core.inspect.recording import UNKNOWN_LABEL, quality_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from llasa_core.inspect.looked import Paper

RARE = 0.01
"""An activity with a smaller share of the labelled windows is hardly learned."""
MOST_FLAGGED = 0.5
"""Share of windows with one flag, from which on it is worth a warning."""
MOST_NAMED = 5
"""Subjects that a warning names."""
_TELLS_LITTLE = (Quality.STATIONARY,)
"""Flags that sitting and lying people have."""


@dataclass(frozen=True)
class DataFolderFound:
    """What is in a data folder; counts are of windows."""

    folder: Path
    windows: int
    window_s: float
    sampling_rate_hz: float
    stride_s: float
    subjects: int
    activities: dict[str, dict[str, int]]
    """Windows of each activity by split."""
    splits: dict[str, dict[str, int]]
    """Subjects, recordings, windows and QA items of each split."""
    datasets: dict[str, dict[str, Any]]
    """Recordings, subjects, windows and rates of each."""
    qa_items: dict[str, int]
    """By kind."""
    quality: dict[str, int]
    left_out: list[dict[str, Any]]
    """As `prepare-data` reports it, without the sources' names: each reason once."""
    notes: list[str]
    shards: list[dict[str, Any]]
    is_verified: bool
    """Whether the shards' checksums were compared."""
    warnings: list[str] = field(default_factory=list)
    leaks: list[DataError] = field(default_factory=list)

    @property
    def refusals(self) -> Sequence[DataError]:
        """Nothing should be trained on a folder that leaks."""
        return self.leaks

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "windows": self.windows,
            "window_s": self.window_s,
            "sampling_rate_hz": self.sampling_rate_hz,
            "stride_s": self.stride_s,
            "subjects": self.subjects,
            "activities": self.activities,
            "splits": self.splits,
            "datasets": self.datasets,
            "qa_items": self.qa_items,
            "quality": self.quality,
            "left_out": self.left_out,
            "notes": self.notes,
            "shards": self.shards,
            "verified": self.is_verified,
            "warnings": self.warnings,
            "leaks": [leak.message for leak in self.leaks],
        }

    def as_text(self, paper: Paper) -> str:
        """Return what people read."""
        del paper
        n_bytes = sum(shard["bytes"] for shard in self.shards)
        checked = "checksums are right" if self.is_verified else "`--verify` compares checksums"
        lines = [
            f"{self.folder.name}: {number_of(self.windows, 'window')} of {number_of(self.subjects, 'subject')}",
            *facts(
                [
                    ("windows", f"{self.window_s:g} s at {self.sampling_rate_hz:g} Hz, one every {self.stride_s:g} s"),
                    ("shards", f"{len(self.shards)}, {size_of(n_bytes)}; {checked}"),
                    ("QA items", counted(self.qa_items) or "none"),
                    ("quality", counted(self.quality) or "nothing to say"),
                    ("leaks", number_of(len(self.leaks), "leak") + ", see below" if self.leaks else "none found"),
                ]
            ),
            "",
            *table(
                ("activity", *SPLITS), [(name, *self._of_splits(counts)) for name, counts in self.activities.items()]
            ),
            "",
            *table(("split", "subjects", "recordings", "windows", "QA items"), self._split_rows()),
            "",
            *table(("dataset", "subjects", "recordings", "windows", "rates"), self._dataset_rows(), left=(0, 4)),
            *section("left out", [_left_out_line(part) for part in self.left_out]),
            *section("decided", self.notes),
            *section("warnings", self.warnings),
        ]
        return "\n".join(lines)

    def draw(self, path: Path) -> None:
        """Draw how many windows each activity and subject has."""
        from llasa_core.inspect.counts_figure import draw_counts  # noqa: PLC0415 - it imports matplotlib

        draw_counts(self, path)

    @staticmethod
    def _of_splits(counts: dict[str, int]) -> Iterator[int]:
        return (counts.get(split, 0) for split in SPLITS)

    def _split_rows(self) -> list[tuple[Any, ...]]:
        keys = ("subjects", "recordings", "windows", "qa_items")
        return [(split, *(part[key] for key in keys)) for split, part in self.splits.items()]

    def _dataset_rows(self) -> list[tuple[Any, ...]]:
        return [
            (name, part["subjects"], part["recordings"], part["windows"], _rates(part["rates_hz"]))
            for name, part in self.datasets.items()
        ]


def look_at_data(
    folder: Path, *, verify: bool = False, progress: Callable[[float, str], None] = lambda _done, _words: None
) -> DataFolderFound:
    """Return what is in a data folder.

    Args:
        folder: where `prepare-data` wrote it.
        verify: compare the checksum of each shard.
        progress: told how much is done, in percent, and what is at hand.

    Raises:
        DataError: there is no data folder, or it is not as it was written.
    """
    store = WindowStore(folder)
    manifest = store.manifest
    if verify:
        _verify(folder, manifest["shards"], progress)
    split_of = store.split_of_windows
    questions, leaks_of_questions = count_questions(store, split_of)
    leaks, twice = leaks_of(store, progress)
    activities = _activities(store, split_of)
    splits = _splits(store, split_of, questions)
    report = report_of(folder, manifest, 0.0)
    quality = {quality_name(flag): int(((store.quality & int(flag)) != 0).sum()) for flag in Quality}
    return DataFolderFound(
        folder=folder,
        windows=len(store),
        window_s=store.window_s,
        sampling_rate_hz=store.sampling_rate_hz,
        stride_s=float(manifest["settings"]["windows"]["stride_s"]),
        subjects=len(store.subject_names),
        activities=activities,
        splits=splits,
        datasets=_datasets(manifest["sources"]),
        qa_items=dict(sum((Counter(kinds) for kinds in questions.values()), Counter[str]()).most_common()),
        quality={name: count for name, count in quality.items() if count},
        left_out=_by_reason(report.left_out),
        notes=report.notes,
        shards=manifest["shards"],
        is_verified=verify,
        warnings=[*_warnings(store, activities, splits, quality), *twice],
        leaks=[*leaks, *leaks_of_questions],
    )


def _verify(folder: Path, shards: Sequence[dict[str, Any]], progress: Callable[[float, str], None]) -> None:
    for number, shard in enumerate(shards):
        progress(100 * number / len(shards), shard["file"])
        if sha256_of(folder / shard["file"]) != shard["sha256"]:
            raise DataError(
                "the shard's bytes are not those that were written: its checksum differs from the manifest's",
                where=folder / shard["file"],
                fix="copy the folder again, or run `llasa prepare-data` again with `--fresh`",
            )


def _activities(store: WindowStore, split_of: np.ndarray) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    names = dict(enumerate(store.activity_names))
    for code in (*names, -1):
        of_split = split_of[store.activity == code]
        if len(of_split):
            found[names.get(code, UNKNOWN_LABEL)] = {
                split: int((of_split == number).sum()) for number, split in enumerate(SPLITS)
            }
    return found


def _splits(
    store: WindowStore, split_of: np.ndarray, questions: dict[str, dict[str, int]]
) -> dict[str, dict[str, int]]:
    return {
        split: {
            "subjects": len(np.unique(store.subject[split_of == number])),
            "recordings": len(np.unique(store.source[split_of == number])),
            "windows": int((split_of == number).sum()),
            "qa_items": sum(questions[split].values()),
        }
        for number, split in enumerate(SPLITS)
    }


def _datasets(sources: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    of_dataset: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for source in sources:
        if source["windows"]:
            of_dataset[source["name"].split("/")[0]].append(source)
    return {
        name: {
            "subjects": len({source["subject"] for source in mine}),
            "recordings": len(mine),
            "windows": sum(source["windows"] for source in mine),
            "rates_hz": dict(Counter(f"{round(source['sampling_rate_hz'], 2):g}" for source in mine).most_common()),
            "placements": sorted({source["placement"] for source in mine}),
        }
        for name, mine in of_dataset.items()
    }


def _by_reason(left_out: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for part in left_out:
        mine = found.setdefault(
            (part["reason"], part["unit"]), {"reason": part["reason"], "count": 0, "unit": part["unit"], "sources": 0}
        )
        mine["count"] += part["count"]
        mine["sources"] += 1
        if "seconds" in part:
            mine["seconds"] = round(mine.get("seconds", 0.0) + part["seconds"], 3)
    return list(found.values())


def _left_out_line(part: dict[str, Any]) -> str:
    amount = f"{part['count']:,} {part['unit'] if part['count'] != 1 else part['unit'].removesuffix('s')}"
    seconds = f", {time_of(part['seconds'])}" if "seconds" in part else ""
    return f"{part['reason']}: {amount}{seconds}, in {number_of(part['sources'], 'source')}"


def _rates(rates: dict[str, int]) -> str:
    shown = [f"{rate} Hz" for rate in list(rates)[:MOST_NAMED]]
    return ", ".join(shown) + (f" and {len(rates) - MOST_NAMED} more" if len(rates) > MOST_NAMED else "")


def _warnings(
    store: WindowStore,
    activities: dict[str, dict[str, int]],
    splits: dict[str, dict[str, int]],
    quality: dict[str, int],
) -> Iterator[str]:
    labelled = {name: sum(counts.values()) for name, counts in activities.items() if name != UNKNOWN_LABEL}
    total = sum(labelled.values())
    for name, count in labelled.items():
        if count < RARE * total:
            yield f"{name} has {number_of(count, 'window')} of {total:,}, less than {100 * RARE:g} %"
    for split in SPLITS:
        if not splits[split]["windows"]:
            yield f"no windows in {split}: too few subjects, or all of them drawn for other splits"
        elif missing := [name for name in labelled if not activities[name][split]]:
            yield f"no windows of {', '.join(missing)} in {split}"
    if not total:
        yield "no window has a label: there is nothing to learn or to measure"
    elif len(labelled) > 1:
        yield from _one_activity(store)
    for flag in Quality:
        if flag not in _TELLS_LITTLE and (count := quality[quality_name(flag)]) > MOST_FLAGGED * len(store):
            yield f"{100 * count / len(store):.0f} % of the windows are flagged as {quality_name(flag)}"


def _one_activity(store: WindowStore) -> Iterator[str]:
    is_labelled = store.activity >= 0
    pairs = np.unique(np.stack([store.subject[is_labelled], store.activity[is_labelled]]), axis=1)
    subjects, counts = np.unique(pairs[0], return_counts=True)
    one = [store.subject_names[subject] for subject in subjects[counts == 1]]
    if one:
        verb = "has" if len(one) == 1 else "have"
        more = f" and {len(one) - MOST_NAMED} more" if len(one) > MOST_NAMED else ""
        yield (
            f"{number_of(len(one), 'subject')} {verb} one activity only, so person and activity cannot be told apart: "
            f"{', '.join(one[:MOST_NAMED])}{more}"
        )
