"""Files of questions and answers -> repaired items and their windows in a data folder."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.activities import ACTIVITIES
from llasa_core.data.build import Order, PrepareSettings, build_once
from llasa_core.data.channels import AccUnit, GyrUnit
from llasa_core.data.cutting import Cut
from llasa_core.data.draft import Source
from llasa_core.data.importers.foreign_file import items_in
from llasa_core.data.importers.item import kind_of
from llasa_core.data.importers.naming import dataset_of, plain, subject_of
from llasa_core.data.importers.repair import NEW_ID, Repairer, Repairs, by_window, tells
from llasa_core.data.importers.report import IMPORTED, ImportReport
from llasa_core.data.importers.shift import ShiftEvidence
from llasa_core.data.importers.spool import UNLABELLED, UNSURE, Spool, Stored
from llasa_core.data.importers.units_of_windows import SomeWindows
from llasa_core.data.importers.window_files import READINGS_HZ, WindowFiles
from llasa_core.data.labels import activity_of
from llasa_core.data.qa import SENSOR, QaItem, Turn, WindowRef
from llasa_core.data.quality import NOTHING_TO_SAY, Quality
from llasa_core.data.split import split_of
from llasa_core.data.store import read_manifest
from llasa_core.data.windows import WindowConfig, WindowSet
from llasa_core.errors import DataError
from llasa_core.files import remove, sha256_of
from llasa_core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.build import Progress
    from llasa_core.data.draft import Draft
    from llasa_core.data.importers.item import ForeignItem
    from llasa_core.data.importers.repair import Kept
    from llasa_core.data.importers.units_of_windows import Scale
    from llasa_core.data.split import Split

WINDOWS = WindowConfig(stride_s=6.0)
"""Published windows stand side by side."""
MOST_A_SOURCE = 4096
"""Windows of one person that are held at once."""
LABEL_UNKNOWN = "label that is no known activity"
LABELS_DIFFER = "window with two labels"
TWO_SPLITS = "windows of people in different splits"


class ImportSettings(Settings):
    """What the files do not say themselves."""

    dataset: str | None = None
    """Name of the data; left out, folders and files give it."""
    label_map: tuple[tuple[str, str], ...] = ()
    """Pairs (label in the file, activity)."""
    ignore: tuple[str, ...] = ()
    """Keys of items that say nothing."""
    acc_unit: AccUnit | None = None
    gyr_unit: GyrUnit | None = None
    skip_bad: bool = False
    """Leave out and count items that cannot be read or whose window is missing."""
    allow_upsample: bool = False
    """Take windows that stand in the items as readings at 10 Hz."""


def import_qa(
    sources: Sequence[Path],
    out: Path,
    settings: ImportSettings,
    *,
    windows: Path | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Make a data folder of questions and answers that somebody else wrote, and return what was mended and left out.

    Args:
        sources: LLaVA-style JSON or JSON Lines, SensorCaps, or OpenSQA as it was generated, in any order.
        out: the data folder to make.
        settings: decide, with the sources, every byte.
        windows: a folder of `.npy` windows, or one array of them; left out, they are looked for beside each source.
        fresh: replace another data folder.
        progress: told how much is done, in percent, and what is at hand.

    Raises:
        DataError: a file cannot be read, a window is missing, or nothing is left.
        UsageError: `out` holds something else.
        RunError: the disk is full, or another process makes the same folder.
    """
    spool_folder = out.resolve().with_name(f".{out.resolve().name}.import")

    def ordered() -> Order:
        remove(spool_folder)
        files = sorted(sources, key=lambda path: (path.resolve().name, str(path.absolute())))
        reading = _Import(files, windows, settings, progress)
        with Spool(spool_folder, WINDOWS.window_len) as spool:
            gathered = reading.gather(spool)
        return _order(files, gathered, settings)

    try:
        prepared = build_once(out, ordered, fresh=fresh)
    finally:
        remove(spool_folder)
    return ImportReport(prepared, read_manifest(out)[IMPORTED])


@dataclass(frozen=True)
class _Gathered:
    spool: Spool
    notes: dict[str, tuple[str, ...]]
    """What was decided about each dataset."""
    imported: dict[str, Any]


class _Import:
    """Reads all files twice: first for what the whole tells about its parts, then for the items."""

    def __init__(
        self, files: Sequence[Path], windows: Path | None, settings: ImportSettings, progress: Progress | None
    ) -> None:
        self._files, self._settings, self._progress = files, settings, progress
        self._window_files = {path: WindowFiles(path, windows, WINDOWS.window_len) for path in files}
        self._repairs = Repairs()
        self._seen: set[int] = set()
        self._ids: set[int] = set()
        self._label_of: dict[str, int] = {}

    def gather(self, spool: Spool) -> _Gathered:
        some = SomeWindows()
        shifts = {}
        for nth, path in enumerate(self._files):
            self._tell(nth / len(self._files) / 4, path)
            evidence = ShiftEvidence()
            for group in by_window(self._items(path, self._skipped())):
                tells(evidence, group)
                some.add(self._dataset_of(group[0], path), group[0], self._window_files[path])
            shifts[path] = evidence.verdict()
        units = self._settings.acc_unit, self._settings.gyr_unit
        scales = some.scales(WINDOWS.sampling_rate_hz, *units, skip_bad=self._settings.skip_bad)
        for nth, path in enumerate(self._files):
            self._tell(0.25 + 0.5 * nth / len(self._files), path)
            repairer = Repairer(
                shifts[path], self._window_files[path].window, self._repairs, self._settings.skip_bad, self._seen
            )
            for kept in repairer.kept(self._items(path, self._repairs.dropped if self._settings.skip_bad else None)):
                dataset = self._dataset_of(kept.item, path)
                self._store(kept, dataset, scales[dataset], spool)
        shifted = [path.name for path, shift in shifts.items() if shift.by]
        return _Gathered(spool, {name: scale.notes for name, scale in scales.items()}, self._imported(spool, shifted))

    def _items(self, path: Path, skipped: Counter[str] | None) -> Iterator[ForeignItem]:
        for item in items_in(path, self._settings.ignore, skipped=skipped):
            if item.readings is not None and not (self._window_files[path].has_array or self._settings.allow_upsample):
                raise DataError(
                    f"the item holds its window as readings at {READINGS_HZ:g} Hz, windows need "
                    f"{WINDOWS.sampling_rate_hz:g} Hz",
                    where=item.place,
                    fix="pass the array that it was made from with `--windows data_20_120.npy`, or pass "
                    f"`--allow-upsample`: the windows will hold nothing above {READINGS_HZ / 2:g} Hz",
                )
            yield item

    def _skipped(self) -> Counter[str] | None:
        return Counter() if self._settings.skip_bad else None

    def _dataset_of(self, item: ForeignItem, path: Path) -> str:
        return plain(self._settings.dataset) if self._settings.dataset else dataset_of(item, path.name.split(".")[0])

    def _store(self, kept: Kept, dataset: str, scale: Scale, spool: Spool) -> None:
        item = kept.item
        person = dataset, subject_of(item, dataset)
        quality = Quality.UNITS_DETECTED if scale.is_detected else NOTHING_TO_SAY
        if item.readings is not None and not self._has_array(item):
            quality |= Quality.UPSAMPLED
        label = self._label(item)
        numbers = [spool.add_window(scale.si(window), person, label, quality) for window in kept.windows]
        if len({split_of(spool.subject_of(number)) for number in numbers}) > 1:
            self._repairs.n_kept -= 1
            self._repairs.dropped[TWO_SPLITS] += 1
            return
        texts = [text for exchange in item.exchanges for text in exchange]
        texts[0] = (SENSOR + "\n") * len(numbers) + texts[0]
        spool.add_item(Stored(numbers, self._unique(f"{dataset}/{item.id}"), kind_of(item), texts))

    def _has_array(self, item: ForeignItem) -> bool:
        return any(files.has_array for path, files in self._window_files.items() if str(path) == str(item.place.file))

    def _label(self, item: ForeignItem) -> int:
        """Return the code of an item's label; one that is not known is counted, and is none."""
        if item.label is None:
            return UNLABELLED
        code = self._label_of.get(item.label)
        if code is None:
            try:
                activity = activity_of(item.label, self._settings.label_map, item.place)
                code = ACTIVITIES.index(activity) if activity else UNLABELLED
            except DataError:
                code = UNSURE
            self._label_of[item.label] = code
        if code == UNSURE:
            self._repairs.changed[f'{LABEL_UNKNOWN}: "{item.label}"'] += 1
            return UNLABELLED
        return code

    def _unique(self, item_id: str) -> str:
        unique, nth = item_id, 1
        while (key := _hash(unique)) in self._ids:
            nth += 1
            unique = f"{item_id}~{nth}"
        self._ids.add(key)
        self._repairs.changed[NEW_ID] += nth > 1
        return unique

    def _imported(self, spool: Spool, shifted: list[str]) -> dict[str, Any]:
        differ = int((spool.labels(np.arange(len(spool))) == UNSURE).sum())
        self._repairs.changed[LABELS_DIFFER] += differ
        return {
            "read": self._repairs.n_read,
            "kept": self._repairs.n_kept,
            "repaired": {reason: n for reason, n in self._repairs.changed.items() if n},
            "dropped": {reason: n for reason, n in self._repairs.dropped.items() if n},
            "shifted": shifted,
        }

    def _tell(self, share: float, path: Path) -> None:
        if self._progress:
            self._progress(100 * share, path.name)


def _order(files: Sequence[Path], gathered: _Gathered, settings: ImportSettings) -> Order:
    prepare = PrepareSettings(windows=WINDOWS, qa="none").model_dump(mode="json")
    inputs = [{"name": path.name, "bytes": path.stat().st_size, "sha256": sha256_of(path)} for path in files]
    left_out = [
        {"source": ", ".join(path.name for path in files), "reason": reason, "count": count, "unit": "items"}
        for reason, count in gathered.imported["dropped"].items()
    ]
    chunks = list(_chunks(gathered.spool))
    return Order(
        decides={
            "settings": {**prepare, "import": settings.model_dump(mode="json")},
            "inputs": [*inputs, gathered.spool.manifest_entry()],
        },
        cuts=lambda draft, _waiting: _cuts(draft, files, gathered, chunks),
        left_out=left_out,
        none_at_all=lambda: DataError(
            "not one item is left", where=files[0], fix="see why with `llasa inspect FILE --audit`"
        ),
        own_items=lambda draft, split: _own_items(draft, split, gathered.spool, chunks),
        is_templated=lambda _part: False,
        # Merging writes templated questions anew; these must be kept as they are.
        notes=lambda _draft: {"qa_sha256": {}, IMPORTED: gathered.imported},
    )


def _chunks(spool: Spool) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each person's number with the numbers of some of their windows, in the order in which they are stored."""
    for person in range(len(spool.people)):
        numbers = spool.numbers_of(person)
        for first in range(0, len(numbers), MOST_A_SOURCE):
            yield person, numbers[first : first + MOST_A_SOURCE]


def _cuts(
    draft: Draft, files: Sequence[Path], gathered: _Gathered, chunks: Sequence[tuple[int, np.ndarray]]
) -> Generator[tuple[int, Cut], None, None]:
    spool = gathered.spool
    for part, (person, numbers) in enumerate(chunks[draft.first_part :], start=draft.first_part):
        dataset, subject = spool.people[person]
        windows = spool.samples(numbers)
        activities = tuple(ACTIVITIES[code] if code >= 0 else None for code in spool.labels(numbers).tolist())
        source = Source(
            name=f"{dataset}/{subject.partition('/')[2]}",
            file=", ".join(path.name for path in files),
            subject=subject,
            placement="unknown",
            sampling_rate_hz=WINDOWS.sampling_rate_hz,
            samples=windows.shape[0] * windows.shape[1],
            sha256=sha256(windows.tobytes()).hexdigest(),
            windows=len(windows),
            activities=dict(Counter(name for name in activities if name)),
            notes=[f"{dataset}: {note}" for note in gathered.notes[dataset]],
        )
        start_s = WINDOWS.window_s * np.arange(len(windows))
        yield part, Cut(source, WindowSet(windows, start_s, activities, spool.flags(numbers), ()))


def _own_items(draft: Draft, split: Split, spool: Spool, chunks: Sequence[tuple[int, np.ndarray]]) -> Iterator[QaItem]:
    row_of = np.empty(len(spool), np.int64)
    if chunks:
        row_of[np.concatenate([numbers for _, numbers in chunks])] = np.arange(len(spool))
    first_rows = np.cumsum([0, *(shard.windows for shard in draft.shards)])
    for item in spool.items():
        subject = spool.subject_of(item.windows[0])
        if split_of(subject) == split:
            rows = row_of[item.windows]
            shards = np.searchsorted(first_rows, rows, side="right") - 1
            refs = tuple(
                WindowRef(draft.shards[shard].file, int(row - first_rows[shard]))
                for shard, row in zip(shards.tolist(), rows.tolist(), strict=True)
            )
            turns = tuple(Turn("gpt" if nth % 2 else "human", text) for nth, text in enumerate(item.texts))
            yield QaItem(item.id, refs, item.kind, subject, turns)


def _hash(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big")
