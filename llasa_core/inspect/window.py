"""One window of a data folder: whose it is, what is done in it, and what its channels look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.channels import ACC, CHANNELS, GYR
from llasa_core.data.qa import WindowRef
from llasa_core.data.quality import Quality
from llasa_core.data.split import SPLITS
from llasa_core.data.store import UNITS, WindowStore
from llasa_core.errors import UsageError
from llasa_core.inspect.envelope import Envelope
from llasa_core.inspect.looked import facts, table
from llasa_core.inspect.recording import UNKNOWN_LABEL, quality_name
from llasa_core.inspect.sparkline import sparkline

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.inspect.looked import Paper

TEXT_WIDTH = 56
"""Columns of a channel's name and numbers, before its sparkline."""


@dataclass(frozen=True)
class WindowFound:
    """One window, and what is stored beside it."""

    ref: WindowRef
    number: int
    """In the whole store."""
    samples: np.ndarray
    """float32 [time, channel], acc in m/s² with gravity, gyr in rad/s."""
    sampling_rate_hz: float
    activity: str | None
    subject: str
    split: str | None
    placement: str
    source: str
    file: str
    """Of the source, as the manifest names it."""
    start_s: float
    """In its recording, from the first sample on."""
    quality: tuple[str, ...]
    """Flags in words."""

    @property
    def refusals(self) -> tuple[()]:
        """Any window may be looked at."""
        return ()

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "file": self.ref.file,
            "row": self.ref.row,
            "number": self.number,
            "activity": self.activity,
            "subject": self.subject,
            "split": self.split,
            "placement": self.placement,
            "source": self.source,
            "source_file": self.file,
            "start_s": round(self.start_s, 3),
            "sampling_rate_hz": self.sampling_rate_hz,
            "quality": list(self.quality),
            "channels": {
                name: {"unit": unit, **dict(zip(("mean", "std", "min", "max"), map(_rounded, numbers), strict=True))}
                for name, unit, numbers in zip(CHANNELS, UNITS, self._numbers(), strict=True)
            },
        }

    def as_text(self, paper: Paper) -> str:
        """Return what people read."""
        duration_s = len(self.samples) / self.sampling_rate_hz
        return "\n".join(
            [
                f"{self.ref.file}:{self.ref.row}: {self.activity or UNKNOWN_LABEL}, {self.subject}",
                *facts(
                    [
                        ("number", f"{self.number} of the data folder, in {self.split or 'no split'}"),
                        ("source", f"{self.source} ({self.file}), placement {self.placement}"),
                        (
                            "time",
                            f"{self.start_s:.2f}-{self.start_s + duration_s:.2f} s at {self.sampling_rate_hz:g} Hz",
                        ),
                        ("quality", ", ".join(self.quality) or "nothing to say"),
                    ]
                ),
                "",
                *table(
                    ("channel", "unit", "mean", "std", "min", "max", "over time"),
                    self._rows(max(10, paper.width - TEXT_WIDTH), paper),
                    left=(0, 1, 6),
                ),
            ]
        )

    def draw(self, path: Path) -> None:
        """Draw it into a PNG file."""
        from llasa_core.inspect.figure import View, draw_view  # noqa: PLC0415 - it imports matplotlib

        envelope = Envelope(self.start_s, self.sampling_rate_hz)
        envelope.add(self.samples, self.start_s, self.sampling_rate_hz)
        title = f"{self.ref.file}:{self.ref.row} ({self.source}, {self.subject})   {self.sampling_rate_hz:g} Hz"
        draw_view(View(f"{title}   {self.activity or UNKNOWN_LABEL}", envelope, ("m/s²", "rad/s")), path)

    def _numbers(self) -> list[tuple[float, ...]]:
        samples = self.samples.astype(np.float64)
        return [
            tuple(float(number) for number in (channel.mean(), channel.std(), channel.min(), channel.max()))
            for channel in samples.T
        ]

    def _rows(self, width: int, paper: Paper) -> list[tuple[str, ...]]:
        """Return a line for each channel; those of one sensor share a scale."""
        rows = []
        starts = np.arange(min(width, len(self.samples))) * len(self.samples) // min(width, len(self.samples))
        for channel, (name, unit, numbers) in enumerate(zip(CHANNELS, UNITS, self._numbers(), strict=True)):
            sensor = self.samples[:, ACC if channel < GYR.start else GYR]
            means = np.add.reduceat(self.samples[:, channel], starts) / np.diff(starts, append=len(self.samples))
            spark = sparkline(means, float(sensor.min()), float(sensor.max()), paper)
            rows.append((name, unit, *(f"{number:.3f}" for number in numbers), spark))
        return rows


def look_at_window(folder: Path, wanted: str) -> WindowFound:
    """Return one window of a data folder.

    Args:
        folder: where `prepare-data` wrote it.
        wanted: its number in the whole folder, or `windows-00000.h5:12`.

    Raises:
        DataError: there is no data folder, or it is damaged.
        UsageError: there is no such window.
    """
    store = WindowStore(folder)
    number = _number(store, wanted)
    source = store.manifest["sources"][int(store.source[number])]
    code = int(store.activity[number])
    split = int(store.split_of_windows[number])
    return WindowFound(
        ref=store.refs([number])[0],
        number=number,
        samples=store[number],
        sampling_rate_hz=store.sampling_rate_hz,
        activity=store.activity_names[code] if code >= 0 else None,
        subject=store.subject_names[int(store.subject[number])],
        split=SPLITS[split] if split >= 0 else None,
        placement=store.manifest["placements"][int(store.placement[number])],
        source=source["name"],
        file=source["file"],
        start_s=float(store.start_s[number]),
        quality=tuple(quality_name(flag) for flag in Quality if int(store.quality[number]) & int(flag)),
    )


def _number(store: WindowStore, wanted: str) -> int:
    shard, _, row = wanted.rpartition(":")
    if not row.isdecimal():
        raise UsageError(
            f'--window names no window: "{wanted}"', fix="write it like `--window 12` or `--window windows-00000.h5:12`"
        )
    if shard:
        sizes = {info["file"]: info["windows"] for info in store.manifest["shards"]}
        if shard not in sizes:
            raise UsageError(
                f"the data folder has no shard {shard}",
                where=store.folder,
                fix=f"its shards are {next(iter(sizes))} to {list(sizes)[-1]}",
            )
        if int(row) >= sizes[shard]:
            raise _out_of_range(f"{shard} holds", sizes[shard], row, store)
        return store.row_of(WindowRef(shard, int(row)))
    if int(row) >= len(store):
        raise _out_of_range("the data folder holds", len(store), row, store)
    return int(row)


def _out_of_range(holder: str, count: int, row: str, store: WindowStore) -> UsageError:
    return UsageError(
        f"{holder} {count:,} windows, there is none at {row}",
        where=store.folder,
        fix=f"pass a number from 0 to {count - 1}",
    )


def _rounded(number: float) -> float:
    return round(number, 6)
