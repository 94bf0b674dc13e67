"""Windows in HDF5 shards: written once, whole, and read at random through a memory map."""

from __future__ import annotations

import json
import sys
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from llasa_core import __version__
from llasa_core.data.channels import CHANNELS
from llasa_core.data.partition import AS_PREPARED, partition
from llasa_core.data.qa import WindowRef
from llasa_core.data.split import SPLITS
from llasa_core.errors import DataError, Place
from llasa_core.files import sha256_of, written_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.partition import Parting, Partition
    from llasa_core.data.split import Split
    from llasa_core.data.windows import WindowConfig

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
UNITS = ("m/s^2",) * 3 + ("rad/s",) * 3
COLUMNS = {
    "activity": np.int16,
    "subject": np.int32,
    "placement": np.int16,
    "source": np.int32,
    "start_s": np.float64,
    "quality": np.uint16,
}
"""One value a window each; activity, subject, placement and source are positions in the manifest's lists."""
SHARE_OF_HANDLES = 0.5
"""Of the files that this process may open: each mapped shard holds one."""
FEW_A_SHARD = 8
"""With fewer windows of a batch from each shard, gathering them one by one is quicker than shard by shard."""
_PREPARE_AGAIN = "run `llasa prepare-data` again with `--fresh`"


@dataclass(frozen=True)
class ShardInfo:
    """What the manifest says about a shard."""

    file: str
    windows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Rows:
    """Windows and their columns, ready to be stored."""

    samples: np.ndarray
    """float32 [window, time, channel]."""
    columns: dict[str, np.ndarray]
    """As `COLUMNS`, [window] each."""

    def __len__(self) -> int:
        return len(self.samples)

    def part(self, start: int, end: int) -> Rows:
        """Return the rows [start, end)."""
        return Rows(self.samples[start:end], {name: column[start:end] for name, column in self.columns.items()})


class ShardWriter:
    """Collects rows and writes them as shards of equal size; what is in a shard depends on the rows alone."""

    def __init__(self, folder: Path, config: WindowConfig, max_windows: int) -> None:
        self._folder = folder
        self._config = config
        self._max_windows = max_windows
        self._pending: list[Rows] = []
        self.shards: list[ShardInfo] = []

    @property
    def n_pending(self) -> int:
        """Rows that are in no shard yet."""
        return sum(map(len, self._pending))

    def add(self, rows: Rows) -> Rows | None:
        """Take rows up to the end of the current shard and return the rest; `flush` before adding that."""
        room = self._max_windows - self.n_pending
        self._pending.append(rows.part(0, room))
        return rows.part(room, len(rows)) if len(rows) >= room else None

    def flush(self, names: dict[str, Sequence[str]]) -> ShardInfo:
        """Write the collected rows as one shard.

        Args:
            names: what the positions in `activity`, `subject` and `placement` stand for so far.

        Raises:
            RunError: the disk is full.
        """
        path = self._folder / f"windows-{len(self.shards):05d}.h5"
        with written_whole(path) as beside, h5py.File(beside, "w") as shard:
            self._write(shard, names)
        info = ShardInfo(path.name, self.n_pending, path.stat().st_size, sha256_of(path))
        self.shards.append(info)
        self._pending = []
        return info

    def _write(self, shard: h5py.File, names: dict[str, Sequence[str]]) -> None:
        config = self._config
        shard.attrs.update(
            schema_version=SCHEMA_VERSION,
            tool_version=__version__,
            sampling_rate_hz=config.sampling_rate_hz,
            window_s=config.window_s,
            stride_s=config.stride_s,
            channels=list(CHANNELS),
            units=list(UNITS),
            activity_names=list(names["activity"]),
        )
        for column in ("subject", "placement"):
            shard[f"{column}_names"] = np.array([name.encode() for name in names[column]])
        for column, dtype in COLUMNS.items():
            shard[column] = np.concatenate([rows.columns[column] for rows in self._pending]).astype(dtype)
        shape = (self.n_pending, config.window_len, len(CHANNELS))
        samples = shard.create_dataset("samples", shape, np.float32)  # contiguous and uncompressed, for memory maps
        at = 0
        for rows in self._pending:
            samples[at : at + len(rows)] = rows.samples
            at += len(rows)


class WindowStore:
    """The windows of a data folder, over all its shards.

    `store[row]` is one window and `store.take(rows)` a batch, by their numbers in the whole store. Shards are opened
    when they are first read and read through memory maps, so a store may be copied into other processes, by fork or by
    pickle, and holds little memory.
    """

    def __init__(self, folder: Path, parting: Parting = AS_PREPARED) -> None:
        """Open a data folder.

        Args:
            folder: that `prepare-data` wrote.
            parting: another partition of its people than the prepared one.

        Raises:
            DataError: there is none, or a shard is missing or was cut off.
        """
        self.folder = folder
        self.parting = parting
        self.manifest = read_manifest(folder)
        self._shards = [ShardInfo(**shard) for shard in self.manifest["shards"]]
        self._first_row = np.cumsum([0, *(shard.windows for shard in self._shards)])
        self._first_rows: list[int] = self._first_row.tolist()
        self._number_of = {shard.file: number for number, shard in enumerate(self._shards)}
        self._offsets: dict[int, int] = {}
        self._maps: dict[int, np.ndarray] = {}
        for shard in self._shards:
            self._check_size(shard)

    def __len__(self) -> int:
        return self._first_rows[-1]

    def __getitem__(self, row: int) -> np.ndarray:
        """Return the window with this number in the whole store, a copy: float32 [time, channel].

        Raises:
            IndexError: there is none.
        """
        number = bisect_right(self._first_rows, row) - 1
        samples = self._maps.get(number)
        if samples is None:
            self._check_rows(row, row)
            samples = self._samples(number)
        window: np.ndarray = samples[row - self._first_rows[number]]
        return window.copy()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_maps": {}}  # another process maps the files itself

    @property
    def activity_names(self) -> list[str]:
        """What the positions in `activity` stand for."""
        return list(self.manifest["activities"])

    @property
    def subject_names(self) -> list[str]:
        """What the positions in `subject` stand for."""
        return list(self.manifest["subjects"])

    @property
    def sampling_rate_hz(self) -> float:
        """Rate of every window."""
        return float(self.manifest["settings"]["windows"]["sampling_rate_hz"])

    @property
    def window_s(self) -> float:
        """Length of every window."""
        return float(self.manifest["settings"]["windows"]["window_s"])

    @cached_property
    def activity(self) -> np.ndarray:
        """int16 [row]: positions in `activity_names`, -1 where it is not known."""
        return self._column("activity")

    @cached_property
    def subject(self) -> np.ndarray:
        """int32 [row]: positions in `subject_names`."""
        return self._column("subject")

    @cached_property
    def placement(self) -> np.ndarray:
        """int16 [row]: positions in the manifest's `placements`."""
        return self._column("placement")

    @cached_property
    def source(self) -> np.ndarray:
        """int32 [row]: positions in the manifest's `sources`."""
        return self._column("source")

    @cached_property
    def start_s(self) -> np.ndarray:
        """float64 [row]: where the window starts in its recording."""
        return self._column("start_s")

    @cached_property
    def quality(self) -> np.ndarray:
        """uint16 [row]: bits of `Quality`."""
        return self._column("quality")

    @cached_property
    def partition(self) -> Partition:
        """Whose windows are in which split.

        Raises:
            DataError: the folder cannot be parted as asked.
        """
        return partition(self.manifest, self.parting, self.folder)

    @cached_property
    def split_of_windows(self) -> np.ndarray:
        """int8 [row]: positions in `SPLITS`, -1 for a window in none."""
        of_name = {name: number for number, split in enumerate(SPLITS) for name in self.partition.people[split]}
        of_subject = np.array([of_name.get(name, -1) for name in self.subject_names] or [-1], np.int8)
        splits: np.ndarray = of_subject[self.subject]
        unseen = self.partition.unseen_activity
        if unseen is not None:
            is_unseen = self.activity == self.activity_names.index(unseen)
            splits[is_unseen & (splits != SPLITS.index("test"))] = -1
        return splits

    def rows(self, split: Split | None = None) -> np.ndarray:
        """Return the numbers of a split's windows in the whole store, in order; all windows without a split."""
        if split is None:
            return np.arange(len(self))
        return np.flatnonzero(self.split_of_windows == SPLITS.index(split))

    def refs(self, rows: Sequence[int] | np.ndarray) -> list[WindowRef]:
        """Return where the windows with these numbers are stored."""
        wanted = np.asarray(rows, np.int64)
        numbers = np.searchsorted(self._first_row, wanted, side="right") - 1
        inside = wanted - self._first_row[numbers]
        return [
            WindowRef(self._shards[number].file, row)
            for number, row in zip(numbers.tolist(), inside.tolist(), strict=True)
        ]

    def row_of(self, ref: WindowRef) -> int:
        """Return the number of a window in the whole store, the opposite of `refs`.

        Raises:
            DataError: there is no such shard or row.
        """
        number = self._number_of.get(ref.file)
        if number is None:
            raise DataError(f"the data folder has no {ref.file}", where=self.folder, fix=_PREPARE_AGAIN)
        if not 0 <= ref.row < self._shards[number].windows:
            raise DataError(
                f"the shard holds {self._shards[number].windows} windows, there is none at {ref.row}",
                where=f"{self.folder / ref.file}:/samples[{ref.row}]",
                fix=_PREPARE_AGAIN,
            )
        return int(self._first_row[number]) + ref.row

    def windows(self, refs: Sequence[WindowRef]) -> np.ndarray:
        """Return the windows in the order asked, a copy: float32 [window, time, channel].

        Raises:
            DataError: there is no such shard or row.
        """
        return self.take([self.row_of(ref) for ref in refs])

    def take(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the windows with these numbers in the whole store, a copy: float32 [window, time, channel].

        Raises:
            IndexError: there is no such window.
        """
        wanted = np.asarray(rows, np.int64)
        if len(wanted) < FEW_A_SHARD * len(self._shards):
            return self._one_by_one(wanted)
        order = np.argsort(wanted)
        in_order = wanted[order]
        self._check_rows(int(in_order[0]), int(in_order[-1]))
        found = np.empty((len(wanted), *self._window_shape), np.float32)
        start = 0
        for number, end in enumerate(np.searchsorted(in_order, self._first_row[1:]).tolist()):
            if end > start:
                inside = in_order[start:end] - self._first_rows[number]
                found[order[start:end]] = self._samples(number)[inside]
            start = end
        return found

    def _one_by_one(self, wanted: np.ndarray) -> np.ndarray:
        if not len(wanted):
            return np.empty((0, *self._window_shape), np.float32)
        self._check_rows(int(wanted.min()), int(wanted.max()))
        numbers = np.searchsorted(self._first_row, wanted, side="right") - 1
        inside = (wanted - self._first_row[numbers]).tolist()
        number_of = numbers.tolist()
        samples = {number: self._samples(number) for number in set(number_of)}
        found = [samples[number][row] for number, row in zip(number_of, inside, strict=True)]
        return np.concatenate(found).reshape(len(wanted), *self._window_shape)

    def span(self, start: int, end: int) -> Iterator[np.ndarray]:
        """Yield the windows with the numbers [start, end), as views [window, time, channel] of one shard each."""
        for number, (first, after) in enumerate(zip(self._first_rows, self._first_rows[1:], strict=False)):
            if first < end and start < after:
                yield self._samples(number)[max(start, first) - first : min(end, after) - first]

    @cached_property
    def _window_shape(self) -> tuple[int, int]:
        windows = self.manifest["settings"]["windows"]
        return round(windows["window_s"] * windows["sampling_rate_hz"]), len(CHANNELS)

    def _column(self, name: str) -> np.ndarray:
        return read_column(self.folder, self._shards, name)

    def _samples(self, number: int) -> np.ndarray:
        """Return a shard's samples [window, time, channel], which stay in its file until they are read."""
        samples = self._maps.get(number)
        if samples is None:
            if len(self._maps) >= _most_open():
                del self._maps[next(iter(self._maps))]
            shard = self._shards[number]
            shape, offset = (shard.windows, *self._window_shape), self._offset(number)
            mapped = np.memmap(self.folder / shard.file, np.float32, "r", offset, shape)
            samples = self._maps[number] = np.asarray(mapped)  # indexing a memmap takes three times as long
        return samples

    def _offset(self, number: int) -> int:
        if number not in self._offsets:
            shard = self._shards[number]
            with _opened(self.folder / shard.file) as file:
                _check_attributes(file, self.folder / shard.file, self.manifest["settings"]["windows"])
                offset, shape = file["samples"].id.get_offset(), file["samples"].shape
            if offset is None or shape != (shard.windows, *self._window_shape):
                raise DataError(
                    f"/samples is not one block of {(shard.windows, *self._window_shape)} numbers but {shape}",
                    where=self.folder / shard.file,
                    fix=_PREPARE_AGAIN,
                )
            self._offsets[number] = int(offset)
        return self._offsets[number]

    def _check_rows(self, first: int, last: int) -> None:
        for row in (first, last):
            if not 0 <= row < len(self):
                raise IndexError(f"the data folder holds {len(self)} windows, there is none at {row}")

    def _check_size(self, shard: ShardInfo) -> None:
        path = self.folder / shard.file
        if not path.is_file():
            raise DataError("a shard of the data folder is missing", where=path, fix=_PREPARE_AGAIN)
        if (found := path.stat().st_size) != shard.bytes:
            raise DataError(
                f"the shard has {found:,} bytes, the manifest says {shard.bytes:,}", where=path, fix=_PREPARE_AGAIN
            )


@cache
def _most_open() -> int:
    """Return how many shards a store maps at once."""
    if sys.platform == "win32":
        return 512
    import resource  # noqa: PLC0415 - Windows has none

    return max(1, int(SHARE_OF_HANDLES * min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 1 << 16)))


def read_column(folder: Path, shards: Sequence[ShardInfo], name: str) -> np.ndarray:
    """Return one of `COLUMNS` over all windows: [row].

    Raises:
        DataError: a shard cannot be read.
    """
    parts = [np.empty(0, COLUMNS[name])]
    for shard in shards:
        with _opened(folder / shard.file) as file:
            parts.append(file[name][:])
    return np.concatenate(parts)


def check_shards(folder: Path, manifest: dict[str, Any]) -> None:
    """Check that every shard of a data folder says of its windows what the manifest says, and what we take for granted.

    Raises:
        DataError: a shard is missing, or holds other channels, units, rates or lengths.
    """
    for shard in manifest.get("shards", ()):
        path = folder / shard["file"]
        with _opened(path) as file:
            _check_attributes(file, path, manifest["settings"]["windows"])


def _check_attributes(file: h5py.File, path: Path, windows: dict[str, Any]) -> None:
    expected: dict[str, tuple[Any, ...]] = {"channels": CHANNELS, "units": UNITS}
    expected |= {name: (windows[name],) for name in ("sampling_rate_hz", "window_s")}
    for name, wanted in expected.items():
        found = tuple(np.atleast_1d(file.attrs.get(name, "none")).tolist())
        if found != wanted:
            raise DataError(
                f"the shard's {name} are {_listed(found)}, not {_listed(wanted)}",
                where=f"{path}:/",
                fix=_PREPARE_AGAIN,
            )


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values)


def _opened(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r", locking=False)  # never changed once it is there; NFS often has no locks
    except OSError as error:
        raise DataError(f"the shard cannot be opened: {error}", where=path, fix=_PREPARE_AGAIN) from error


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return what `prepare-data` wrote about a data folder.

    Raises:
        DataError: there is no data folder, or a newer version wrote it.
    """
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(
            "there is no data folder here",
            where=folder,
            fix=f"make it with `llasa prepare-data SOURCE --out {folder}`",
        ) from error
    except ValueError as error:
        raise DataError(f"the manifest is not JSON: {error}", where=path, fix=_PREPARE_AGAIN) from error
    version = manifest.get("schema_version") if isinstance(manifest, dict) else None
    if version != SCHEMA_VERSION:
        raise DataError(
            f"the data folder has schema version {version}, this llasa reads {SCHEMA_VERSION}",
            where=Place(path),
            fix=_PREPARE_AGAIN,
        )
    return manifest
