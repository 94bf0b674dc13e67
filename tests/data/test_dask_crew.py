"""A real Dask cluster on this machine: a scheduler here, two workers in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from llasa_core.data import dask_crew
from llasa_core.data.cutting import How, Piece
from llasa_core.data.dask_crew import cut_on_worker, versions
from llasa_core.data.fan_out import grouped
from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings
from llasa_core.data.windows import WindowConfig
from llasa_core.errors import RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.data.fan_out import Group

SMALL = PrepareSettings(shard_mb=0.02)
HOW = How(WindowConfig(), ReadOptions(), skip_bad=False)

ON_A_CLUSTER = """
import os, signal, sys, warnings
from pathlib import Path
from distributed import Client, LocalCluster
from llasa_core.data import fan_out
from llasa_core.data.prepare import PrepareSettings, prepare

def main():
    raw, out, fault = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    fan_out.GROUP_BYTES = 0  # a task for each recording
    with LocalCluster(n_workers=2, processes=True, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster.scheduler_address) as client:
            workers = list(client.run(os.getpid).values())
        met = []
        def progress(done, words):
            met.append(done)
            if fault == "killed" and len(met) == 3:
                os.kill(workers[0], signal.SIGKILL)
        prepare([raw], out, PrepareSettings(shard_mb=0.02), scheduler=cluster.scheduler_address, progress=progress)
    print(len(met), "pieces")

if __name__ == "__main__":
    main()
"""


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(make_hapt: Callable[..., None], tmp_path: Path):
    raw, out = tmp_path / "RawData", tmp_path / "out"
    make_hapt(raw, users=[1, 3, 4, 7, 9, 11, 12, 14], seconds=20)
    prepare([raw], tmp_path / "here", SMALL)
    (tmp_path / "run.py").write_text(ON_A_CLUSTER)

    ended = subprocess.run(
        [sys.executable, "run.py", "RawData", "out", "killed"],  # as a person names them, from where they stand
        check=False,
        timeout=120,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "8 pieces\n"
    assert "Removing worker" in ended.stderr
    assert content(out) == content(tmp_path / "here")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_scheduler_that_does_not_answer_is_named(hapt_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dask_crew, "ANSWERS_WITHIN_S", 0.5)

    with pytest.raises(RunError) as caught:
        prepare([hapt_folder], tmp_path / "data", PrepareSettings(), scheduler="tcp://127.0.0.1:9")

    assert caught.value.exit_code == 1
    assert str(caught.value) == (
        "no Dask scheduler answers at this address\n"
        "  where: tcp://127.0.0.1:9\n"
        "  fix:   check the address, as in `--scheduler tcp://host:8786`, and that this machine may reach it"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["RawData"]


def test_a_missing_package_is_named(hapt_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(UsageError) as caught:
        prepare([hapt_folder], tmp_path / "data", PrepareSettings(), scheduler="tcp://127.0.0.1:9")

    assert str(caught.value) == (
        "`--backend dask` needs the package distributed\n  fix:   install it: pip install 'llasa[cluster]'"
    )


@pytest.fixture
def group(hapt_folder: Path) -> Group:
    """Return the two recordings of a small HAPT."""
    pieces = [Piece(hapt_folder, unread) for unread in find_recordings(hapt_folder, ReadOptions()).unread]
    (group,) = grouped(pieces)
    return group


def test_a_worker_that_sees_other_paths_says_so(
    group: Group, hapt_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(dask_crew.socket, "gethostname", lambda: "node7")
    missing = hapt_folder / "gyro_exp02_user03.txt"
    missing.unlink()

    for folder, path in ((tmp_path, missing), (tmp_path / "gone", tmp_path / "gone")):
        with pytest.raises(RunError) as caught:
            cut_on_worker(group, HOW, folder, versions())
        assert str(caught.value) == (
            "a worker of the Dask cluster, on node7, finds nothing at this path\n"
            f"  where: {path}\n"
            "  fix:   workers must see the same paths: keep the sources and `--out` on a disk that they share"
        )


def test_a_worker_with_other_versions_says_so(group: Group, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dask_crew.socket, "gethostname", lambda: "node7")
    here = versions()

    with pytest.raises(RunError) as caught:
        cut_on_worker(group, HOW, tmp_path, here | {"scipy": "1.0.0"})

    assert str(caught.value) == (
        f"a worker of the Dask cluster, on node7, has scipy {here['scipy']}, this machine has 1.0.0\n"
        "  fix:   install scipy 1.0.0 where the workers run: other versions may give other bytes"
    )
    assert set(here) == {"llasa", "Python", "numpy", "scipy", "duckdb"}


def test_a_file_that_never_shows_up_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dask_crew, "SHOWN_WITHIN_S", 0)
    monkeypatch.setattr(dask_crew, "LOOKS_EVERY_S", 0)

    with pytest.raises(RunError) as caught:
        dask_crew._wait_for(tmp_path / "0-1.cuts")

    assert str(caught.value) == (
        "a worker of the Dask cluster wrote a file that this machine does not see\n"
        f"  where: {tmp_path / '0-1.cuts'}\n"
        "  fix:   workers must see the same paths: keep `--out` on a disk that they share"
    )


WITHOUT_WORKERS = """
import sys
from pathlib import Path
from distributed import LocalCluster
from llasa_core.data import dask_crew
from llasa_core.data.prepare import PrepareSettings, prepare
if __name__ == "__main__":
    dask_crew.WORKERS_WITHIN_S = 0.5
    with LocalCluster(n_workers=0, dashboard_address=None) as cluster:
        try:
            prepare([Path(sys.argv[1])], Path(sys.argv[2]), PrepareSettings(), scheduler=cluster.scheduler_address)
        except dask_crew.RunError as error:
            print(str(error).replace(cluster.scheduler_address, "ADDRESS_GIVEN"))
"""


def test_a_cluster_without_workers_is_not_waited_for_in_vain(hapt_folder: Path, tmp_path: Path):
    (tmp_path / "run.py").write_text(WITHOUT_WORKERS)

    ended = subprocess.run(
        [sys.executable, tmp_path / "run.py", hapt_folder, tmp_path / "data"],
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )

    assert ended.stdout == (
        "the Dask cluster has had no worker for 0.5 s\n"
        "  where: ADDRESS_GIVEN\n"
        "  fix:   start workers, as in `dask worker ADDRESS`, and run the same command again\n"
    )
