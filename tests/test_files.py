from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from llasa_core.errors import RunError
from llasa_core.files import full_disk_named, written_whole

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_appears_when_it_is_whole(tmp_path: Path):
    file = tmp_path / "new" / "a.txt"
    with written_whole(file) as beside:
        beside.write_text("whole")
        assert not file.exists()

    assert file.read_text() == "whole"
    assert [path.name for path in file.parent.iterdir()] == ["a.txt"]


def test_a_folder_takes_the_place_of_another(tmp_path: Path):
    folder = tmp_path / "checkpoint"
    for word in ("old", "new"):
        with written_whole(folder) as beside:
            beside.mkdir()
            (beside / word).touch()

    assert [path.name for path in folder.iterdir()] == ["new"]


def test_an_error_leaves_what_was_there(tmp_path: Path):
    file = tmp_path / "a.txt"
    file.write_text("old")

    def fail_halfway() -> None:
        with written_whole(file) as beside:
            beside.write_text("new")
            raise ValueError("halfway")

    with pytest.raises(ValueError, match="halfway"):
        fail_halfway()

    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_said_with_what_to_do(tmp_path: Path):
    with pytest.raises(RunError) as caught, full_disk_named(tmp_path / "state"):
        raise OSError(errno.ENOSPC, "No space left on device")

    assert str(caught.value) == (
        "the disk is full: state was not written\n"
        f"  where: {tmp_path / 'state'}\n"
        "  fix:   free some space and run the same command again"
    )


def test_other_failures_stay_what_they_are(tmp_path: Path):
    with pytest.raises(PermissionError), full_disk_named(tmp_path / "state"):
        raise PermissionError(errno.EACCES, "no")
