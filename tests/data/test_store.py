from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from llasa_core.data.channels import CHANNELS
from llasa_core.data.qa import WindowRef
from llasa_core.data.store import COLUMNS, Rows, ShardWriter, WindowStore
from llasa_core.data.windows import WindowConfig
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = WindowConfig(sampling_rate_hz=1, window_s=2, stride_s=1)
NAMES = {"activity": ["walking", "sitting"], "subject": ["hapt/01", "hapt/03"], "placement": ["waist"]}


def rows_of(numbers: list[int]) -> Rows:
    """Window n holds the number n everywhere; even ones are the first person's."""
    numbers_ = np.array(numbers)
    samples = np.broadcast_to(numbers_[:, None, None], (len(numbers), 2, 6)).astype(np.float32)
    columns = {name: np.zeros(len(numbers)) for name in COLUMNS}
    return Rows(samples, columns | {"subject": numbers_ % 2, "start_s": numbers_ / 2})


def write_folder(folder: Path, n_windows: int, max_windows: int) -> None:
    folder.mkdir()
    writer = ShardWriter(folder, CONFIG, max_windows)
    rest: Rows | None = rows_of(list(range(n_windows)))
    while rest is not None:
        rest = writer.add(rest)
        if rest is not None:
            writer.flush(NAMES)
    if writer.n_pending:
        writer.flush(NAMES)
    manifest = {
        "schema_version": 1,
        "settings": {"windows": CONFIG.model_dump()},
        "shards": [vars(shard) for shard in writer.shards],
        "activities": NAMES["activity"],
        "subjects": NAMES["subject"],
        "splits": {"train": ["hapt/01"], "val": [], "test": ["hapt/03"]},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder of five windows in shards of two."""
    write_folder(tmp_path / "data", 5, 2)
    return tmp_path / "data"


def test_windows_come_back_in_the_order_asked(folder: Path):
    store = WindowStore(folder)

    assert len(store) == 5
    assert store.take([4, 0, 3, 0])[:, 0, 0].tolist() == [4, 0, 3, 0]
    assert store.windows([WindowRef("windows-00001.h5", 1), WindowRef("windows-00000.h5", 0)])[:, 1, 5].tolist() == [
        3,
        0,
    ]
    assert store.refs([4, 1]) == [WindowRef("windows-00002.h5", 0), WindowRef("windows-00000.h5", 1)]
    assert [store.row_of(ref) for ref in store.refs(range(5))] == [0, 1, 2, 3, 4]


def test_columns_run_over_all_shards(folder: Path):
    store = WindowStore(folder)

    assert store.start_s.tolist() == [0, 0.5, 1, 1.5, 2]
    assert store.rows("train").tolist() == [0, 2, 4]
    assert store.rows("test").tolist() == [1, 3]
    assert store.rows().tolist() == [0, 1, 2, 3, 4]
    assert {name: getattr(store, name).dtype for name in COLUMNS} == {
        name: np.dtype(kind) for name, kind in COLUMNS.items()
    }


def test_a_shard_says_what_it_holds(folder: Path):
    with h5py.File(folder / "windows-00000.h5") as shard:
        assert shard["samples"].chunks is None
        assert shard["samples"].compression is None
        assert list(shard.attrs["channels"]) == list(CHANNELS)
        assert list(shard.attrs["units"]) == ["m/s^2"] * 3 + ["rad/s"] * 3
        assert list(shard.attrs["activity_names"]) == ["walking", "sitting"]
        assert shard["subject_names"][:].tolist() == [b"hapt/01", b"hapt/03"]
        assert {name: shard.attrs[name] for name in ("schema_version", "sampling_rate_hz", "window_s", "stride_s")} == {
            "schema_version": 1,
            "sampling_rate_hz": 1,
            "window_s": 2,
            "stride_s": 1,
        }


def test_equal_rows_give_equal_bytes(tmp_path: Path, folder: Path):
    write_folder(tmp_path / "again", 5, 2)

    for file in folder.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


def test_a_store_can_be_sent_to_another_process(folder: Path):
    store = WindowStore(folder)
    store.take([0])

    assert pickle.loads(pickle.dumps(store)).take([2])[0, 0, 0] == 2  # noqa: S301 - our own bytes


def test_a_shard_that_was_cut_off_is_found(folder: Path):
    shard = folder / "windows-00001.h5"
    whole = shard.stat().st_size
    shard.write_bytes(shard.read_bytes()[:1000])

    with pytest.raises(DataError) as caught:
        WindowStore(folder)

    assert str(caught.value) == (
        f"the shard has 1,000 bytes, the manifest says {whole:,}\n"
        f"  where: {shard}\n"
        "  fix:   run `llasa prepare-data` again with `--fresh`"
    )


def test_a_missing_shard_is_found(folder: Path):
    (folder / "windows-00001.h5").unlink()

    with pytest.raises(DataError) as caught:
        WindowStore(folder)

    assert str(caught.value) == (
        "a shard of the data folder is missing\n"
        f"  where: {folder / 'windows-00001.h5'}\n"
        "  fix:   run `llasa prepare-data` again with `--fresh`"
    )


def test_a_missing_data_folder_names_the_command_that_makes_it(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        WindowStore(tmp_path / "none")

    assert str(caught.value) == (
        "there is no data folder here\n"
        f"  where: {tmp_path / 'none'}\n"
        f"  fix:   make it with `llasa prepare-data SOURCE --out {tmp_path / 'none'}`"
    )


def test_a_data_folder_of_another_version_is_refused(folder: Path):
    (folder / "manifest.json").write_text('{"schema_version": 9}')

    with pytest.raises(DataError) as caught:
        WindowStore(folder)

    assert str(caught.value) == (
        "the data folder has schema version 9, this llasa reads 1\n"
        f"  where: {folder / 'manifest.json'}\n"
        "  fix:   run `llasa prepare-data` again with `--fresh`"
    )


def test_a_row_outside_its_shard_is_found(folder: Path):
    with pytest.raises(DataError) as caught:
        WindowStore(folder).windows([WindowRef("windows-00001.h5", 2)])

    assert str(caught.value) == (
        "the shard holds 2 windows, there is none at 2\n"
        f"  where: {folder / 'windows-00001.h5'}:/samples[2]\n"
        "  fix:   run `llasa prepare-data` again with `--fresh`"
    )


def test_a_shard_that_nobody_wrote_is_found(folder: Path):
    with pytest.raises(DataError) as caught:
        WindowStore(folder).windows([WindowRef("windows-00009.h5", 0)])

    assert str(caught.value) == (
        "the data folder has no windows-00009.h5\n"
        f"  where: {folder}\n"
        "  fix:   run `llasa prepare-data` again with `--fresh`"
    )


def test_a_row_is_one_window_of_its_own(folder: Path):
    store = WindowStore(folder)

    window = store[3]
    window[:] = 7  # a copy: the store stays as it is

    assert store[3].tolist() == [[3] * 6] * 2
    assert store[np.int64(4)][0, 0] == 4
    assert [int(window[0, 0]) for window in store] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("row", [5, -1])
def test_a_row_that_is_not_there_is_an_index_error(folder: Path, row: int):
    store = WindowStore(folder)

    for read in (lambda: store[row], lambda: store.take([0, row])):
        with pytest.raises(IndexError) as caught:
            read()
        assert str(caught.value) == f"the data folder holds 5 windows, there is none at {row}"


def test_many_rows_and_few_come_back_alike(folder: Path):
    store = WindowStore(folder)
    rows = np.random.default_rng(0).integers(0, 5, 100)  # many from each shard are read shard by shard

    assert store.take(rows)[:, 1, 2].tolist() == rows.tolist()
    assert store.take([]).shape == (0, 2, 6)
    assert [part[:, 0, 0].tolist() for part in store.span(1, 5)] == [[1], [2, 3], [4]]
    assert list(store.span(2, 2)) == []


def test_a_store_of_more_shards_than_can_be_open_reads_them_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_folder(tmp_path / "data", 200, 1)
    store = WindowStore(tmp_path / "data")
    rows = np.random.default_rng(0).permutation(200)
    monkeypatch.setattr("llasa_core.data.store._most_open", lambda: 7)

    assert store.take(rows)[:, 0, 0].tolist() == rows.tolist()
    assert [int(store[int(row)][0, 0]) for row in rows] == rows.tolist()
    assert len(store._maps) == 7


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # the loader's own way on Linux
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_worker_processes_of_a_loader_read_the_same_windows(folder: Path, start: str):
    from torch.utils.data import DataLoader  # noqa: PLC0415 - the other tests do without torch

    store = WindowStore(folder)
    store.take([0])  # a map that is open already must do no harm

    loader = DataLoader(store, batch_size=2, num_workers=2, multiprocessing_context=start)

    assert [batch[:, 0, 0].tolist() for batch in loader] == [[0, 1], [2, 3], [4]]
