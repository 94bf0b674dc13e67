from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data import fan_out
from llasa_core.data.cutting import Cut, How, Piece, cut
from llasa_core.data.fan_out import Desk, cut_by, cut_group, cut_here, grouped, useful_workers
from llasa_core.data.local_crew import LocalCrew
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings
from llasa_core.data.spill import read_spill, spill_file, spill_piece
from llasa_core.data.windows import WindowConfig
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from llasa_core.data.fan_out import Group

HOW = How(WindowConfig(), ReadOptions(), skip_bad=False)


def pieces_in(folder: Path) -> list[Piece]:
    return [Piece(folder, unread) for unread in find_recordings(folder, ReadOptions()).unread]


def desk_at(folder: Path, told: list[tuple[int, str]] | None = None) -> Desk:
    return Desk(folder, lambda: 0, lambda done, name: told.append((done, name)) if told is not None else None)


def in_this_process(groups: Sequence[Group], how: How, folder: Path) -> Generator[Group, None, None]:
    """A crew of one, who does as told."""
    for group in groups:
        cut_group(group, how, folder)
        yield group


def seen(cuts: list[tuple[int, Cut]]) -> list[tuple[int, str, int]]:
    return [(part, one.source.name, one.source.windows) for part, one in cuts]


def test_what_was_spilled_comes_back_as_it_was(hapt_folder: Path):
    stream = io.BytesIO()
    (piece, _) = pieces_in(hapt_folder)
    spill_piece(stream, 5, piece, HOW)
    stream.seek(0)

    ((part, back),) = read_spill(stream)
    (straight,) = cut(piece, HOW)

    assert part == 5
    assert back.source == straight.source
    assert back.refused is None
    assert back.windows is not None
    assert straight.windows is not None
    for name in ("windows", "start_s", "quality"):
        assert np.array_equal(getattr(back.windows, name), getattr(straight.windows, name))
    assert back.windows.activities == straight.windows.activities == ("walking",) * 3 + ("sitting",) * 3


def test_why_a_recording_gave_no_window_comes_back_too(make_hapt: Callable[..., None], tmp_path: Path):
    make_hapt(tmp_path / "RawData", users=[1], seconds=4)
    stream = io.BytesIO()
    spill_piece(stream, 0, *pieces_in(tmp_path / "RawData"), HOW)
    stream.seek(0)

    ((_, back),) = read_spill(stream)
    (straight,) = (one for piece in pieces_in(tmp_path / "RawData") for one in cut(piece, HOW))

    assert back.windows is None
    assert str(back.refused) == str(straight.refused)


def test_a_bad_file_leaves_only_its_name_in_a_spill(tmp_path: Path):
    """The first of two recordings in a file is cut before the bad row is met."""
    lines = ["time_s,acc_x (m/s^2),acc_y (m/s^2),acc_z (m/s^2),gyr_x (rad/s),gyr_y (rad/s),gyr_z (rad/s)"]
    lines += [f"{row / 50:.2f},{0.01 * (row % 7):.2f},0,9.81,0.1,0.2,0.{row % 9}" for row in range(600)]
    lines += [f"{100 + row / 50:.2f},{0.01 * (row % 5):.2f},0,9.81,0.1,0.2,0.{row % 8}" for row in range(600)]
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "walk.csv").write_text("\n".join(lines) + "\n1,2,oops,4,5,6,7\n")
    (piece,) = pieces_in(tmp_path / "raw")
    stream = io.BytesIO(b"before")
    stream.seek(6)

    spill_piece(stream, 0, piece, HOW._replace(skip_bad=True))

    assert stream.getvalue().startswith(b"before")
    stream.seek(6)
    ((_, back),) = read_spill(stream)
    assert back.source.name == back.source.file == "raw/walk.csv"
    assert back.source.left_out == [{"reason": 'acc_y (m/s^2) is not a number: "oops"', "count": 1, "unit": "files"}]
    with pytest.raises(DataError, match="oops"):
        spill_piece(io.BytesIO(), 0, piece, HOW)


def test_a_spill_file_appears_whole_or_not_at_all(tmp_path: Path):
    with pytest.raises(TypeError), spill_file(tmp_path / "a.cuts") as stream:
        stream.writelines([b"half", None])  # type: ignore[list-item] # what goes wrong in the middle
    assert list(tmp_path.iterdir()) == []

    with spill_file(tmp_path / "a.cuts") as stream, spill_file(tmp_path / "a.cuts") as other:
        stream.write(b"whole")
        other.write(b"whole")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"whole"]

    with pytest.raises(FileNotFoundError), spill_file(tmp_path / "gone" / "a.cuts"):  # an orphan makes no folder anew
        pass


def test_pieces_are_cut_largest_first_and_come_back_in_their_order(
    make_hapt: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fan_out, "GROUP_BYTES", 0)
    for name, seconds in (("A", 10), ("B", 30), ("C", 20)):
        make_hapt(tmp_path / name, users=[ord(name)], seconds=seconds)
    pieces = [piece for name in "ABC" for piece in pieces_in(tmp_path / name)]
    told: list[tuple[int, str]] = []

    cuts = list(cut_by(in_this_process, pieces, 0, HOW, desk_at(tmp_path / "waiting", told)))

    assert [name.split("/")[0] for _, name in told] == ["B", "C", "A"]
    assert told[-1][0] == sum(piece.size for piece in pieces)
    assert seen(cuts) == seen(list(cut_here(pieces, 0, HOW, desk_at(tmp_path / "none"))))
    assert [part for part, _ in cuts] == [0, 1, 2]


def test_what_a_killed_run_cut_is_not_cut_again(
    make_hapt: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fan_out, "GROUP_BYTES", 0)
    make_hapt(tmp_path / "RawData", users=[1, 2, 3], seconds=14)
    pieces = pieces_in(tmp_path / "RawData")
    whole = list(cut_by(in_this_process, pieces, 0, HOW, desk_at(tmp_path / "waiting")))
    groups = grouped(pieces)
    (tmp_path / "waiting" / groups[1].file_name).unlink()
    begun: list[int] = []

    def crew(groups: Sequence[Group], how: How, folder: Path) -> Generator[Group, None, None]:
        begun.extend(group.first_part for group in groups)
        yield from in_this_process(groups, how, folder)

    again = list(cut_by(crew, pieces, 1, HOW, desk_at(tmp_path / "waiting")))

    assert begun == [1]
    assert seen(again) == seen(whole)[1:]


def test_files_wait_only_until_their_windows_are_in_a_shard(
    make_hapt: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fan_out, "GROUP_BYTES", 0)
    make_hapt(tmp_path / "RawData", users=[1, 2, 3, 4], seconds=14)
    pieces = pieces_in(tmp_path / "RawData")
    n_shards = 0
    desk = Desk(tmp_path / "waiting", lambda: n_shards, lambda _done, _name: None)
    waiting: list[set[str]] = []

    for part, _ in cut_by(in_this_process, pieces, 0, HOW, desk):
        n_shards += part == 2  # a shard becomes whole while the third is stored: the first two are in it
        waiting.append({file.name for file in (tmp_path / "waiting").glob("*.cuts")})

    names = [group.file_name for group in grouped(pieces)]
    assert waiting[2] >= set(names[:3])
    assert waiting[3] == set(names[2:])


def test_small_files_are_handed_over_together(
    make_hapt: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    make_hapt(tmp_path / "RawData", users=[1, 2, 3, 4, 5], seconds=4)
    pieces = pieces_in(tmp_path / "RawData")

    assert [len(group.pieces) for group in grouped(pieces)] == [5]
    monkeypatch.setattr(fan_out, "GROUP_PIECES", 2)
    assert [(group.first_part, group.end) for group in grouped(pieces)] == [(0, 2), (2, 4), (4, 5)]
    assert grouped([]) == []


def test_a_process_more_must_pay_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: range(8), raising=False)

    assert useful_workers(n_bytes=1_000_000, n_files=1) == 1
    assert useful_workers(n_bytes=240_000_000, n_files=1) == 2
    assert useful_workers(n_bytes=60_000_000, n_files=2000) == 8


def test_one_bad_file_ends_all_workers_at_once(make_hapt: Callable[..., None], tmp_path: Path):
    make_hapt(tmp_path / "RawData", users=[1, 2], seconds=14)
    (tmp_path / "RawData" / "acc_exp02_user02.txt").write_text("not a number\n")

    with pytest.raises(DataError, match="not a number"):
        list(cut_by(LocalCrew(2), pieces_in(tmp_path / "RawData"), 0, HOW, desk_at(tmp_path / "waiting")))


KILLED_WORKER = """
import os, signal, sys, threading, time, multiprocessing
from pathlib import Path
from llasa_core.data.prepare import PrepareSettings, prepare
def kill_first():
    while not multiprocessing.active_children():
        time.sleep(0.01)
    os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
if __name__ == "__main__":
    threading.Thread(target=kill_first, daemon=True).start()
    prepare([Path(sys.argv[1])], Path(sys.argv[2]), PrepareSettings(), workers=2)
"""


def test_a_killed_worker_is_an_error_with_a_way_out(make_hapt: Callable[..., None], tmp_path: Path):
    make_hapt(tmp_path / "RawData", users=[1, 2], seconds=14)
    (tmp_path / "run.py").write_text(KILLED_WORKER)

    ended = subprocess.run(
        [sys.executable, tmp_path / "run.py", tmp_path / "RawData", tmp_path / "data"],
        check=False,
        timeout=60,
        capture_output=True,
        text=True,
    )

    assert ended.returncode == 1
    assert ended.stderr.rstrip().endswith(
        "RunError: a worker was killed, perhaps because memory ran out\n"
        "  fix:   run the same command again, with fewer `--workers` if it happens again"
    )
    assert not (tmp_path / "data").exists()


ORPHANS = """
import os, signal, sys, time, multiprocessing
from pathlib import Path
from llasa_core.data import local_crew
def begin(*_):
    (Path(sys.argv[1]) / str(os.getpid())).touch()
    time.sleep(60)
if __name__ == "__main__":
    local_crew.cut_group = begin
    from llasa_core.data.fan_out import Group
    next(local_crew.LocalCrew(2)([Group(0, ()), Group(1, ())], None, None))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_workers_end_with_the_process_that_started_them(tmp_path: Path):
    (tmp_path / "run.py").write_text(ORPHANS)
    (tmp_path / "pids").mkdir()
    run = subprocess.Popen([sys.executable, tmp_path / "run.py", tmp_path / "pids"])
    pids = wait_for_two(tmp_path / "pids")

    run.send_signal(signal.SIGKILL)
    run.wait()

    until = time.monotonic() + 10
    while any(is_running(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert [pid for pid in pids if is_running(pid)] == []


def wait_for_two(folder: Path) -> list[int]:
    until = time.monotonic() + 30
    while len(list(folder.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    return [int(file.name) for file in folder.iterdir()]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"  # ended, not yet collected
