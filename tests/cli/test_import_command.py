from __future__ import annotations

import json
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
from samples import foreign_qa

from llasa_cli.app import main
from llasa_core.data.store import WindowStore

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def shifted(tmp_path: Path) -> Path:
    """Return a file that the published parser shifted, beside its windows."""
    foreign_qa.write_windows(tmp_path, 8)
    return foreign_qa.write_items(tmp_path / "shifted.json", foreign_qa.items(8, is_shifted=True))


def test_an_audit_fails_until_the_import_has_repaired_what_it_found(shifted: Path, tmp_path: Path, capsys: Capture):
    assert main(["inspect", str(shifted), "--audit"]) == 1
    assert "as the published parser writes it" in capsys.readouterr().out

    assert main(["import-qa", str(shifted), "--out", str(tmp_path / "data"), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["windows"], shown["qa_items"]) == (8, 32)
    assert shown["imported"]["repaired"] == {"question put back to its answer": 24}

    assert main(["inspect", str(tmp_path / "data"), "--audit"]) == 0
    assert capsys.readouterr().out.endswith("nothing must be repaired\n")


def test_an_audit_is_one_json_object_whatever_it_finds(shifted: Path, capsys: Capture):
    assert main(["inspect", str(shifted), "--audit", "--json"]) == 1

    captured = capsys.readouterr()
    assert json.loads(captured.out)["must_be_repaired"] is True
    assert captured.err == ""


def test_an_audit_of_a_folder_also_finds_copies_cut_at_other_moments(tmp_path: Path, capsys: Capture):
    foreign_qa.write_windows(tmp_path, 16)
    items = foreign_qa.items(16)
    for item in items:
        item |= {"dataset": "motion", "user": 1 + int(item["id"].partition("_")[0]) // 8}
    source = foreign_qa.write_items(tmp_path / "items.json", items)
    assert main(["import-qa", str(source), "--out", str(tmp_path / "data")]) == 0
    store = WindowStore(tmp_path / "data")
    tested, trained = store.rows("test")[0], store.rows("train")[0]
    with h5py.File(tmp_path / "data/windows-00000.h5", "a") as shard:
        shard["samples"][tested] = np.roll(shard["samples"][trained], 30, axis=0)
    capsys.readouterr()

    assert main(["inspect", str(tmp_path / "data"), "--audit", "--json"]) == 1

    found = [one["message"] for one in json.loads(capsys.readouterr().out)["findings"] if one["check"] == "leaks"]
    assert found == ["2 windows of train and test hold the same samples"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--audit", "--verify"], "--verify says nothing about an audit"),
        (["--audit", "--window", "3"], "--window says nothing about an audit"),
        (["--windows", "x"], "--windows is about the windows of an audited file"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(shifted: Path, capsys: Capture, arguments: list[str], message: str):
    assert main(["inspect", str(shifted), *arguments, "--json"]) == 2

    assert json.loads(capsys.readouterr().err)["error"] == message


def test_flags_of_the_import_reach_it(shifted: Path, tmp_path: Path, capsys: Capture):
    items = [
        *({**item, "mood": "fine", "label": "wlk"} for item in foreign_qa.items(2)),
        foreign_qa.item(99, 0, "What?", "That."),
    ]
    foreign_qa.write_items(shifted, items)
    flags = ["--ignore", "mood", "--label-map", "wlk=walking", "--skip-bad", "--dataset", "My Set"]
    flags += ["--acc-unit", "g", "--windows", str(tmp_path / "images")]

    assert main(["import-qa", str(shifted), "--out", str(tmp_path / "data"), *flags, "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["activities"] == {"walking": 2}
    assert shown["imported"]["dropped"] == {"window that is missing or damaged": 1}
    assert shown["notes"][0].startswith("my-set: acc in g: `--acc-unit` says so")


def test_a_broken_file_ends_with_exit_code_2(shifted: Path, tmp_path: Path, capsys: Capture):
    shifted.write_text('[{"id": 1,]')

    for arguments in (
        ["import-qa", str(shifted), "--out", str(tmp_path / "data")],
        ["inspect", str(shifted), "--audit"],
    ):
        assert main([*arguments, "--json"]) == 2
        error = json.loads(capsys.readouterr().err)
        assert error == {
            "error": "not JSON: expecting property name enclosed in double quotes",
            "where": f"{shifted}:1:11",
            "fix": "repair the file",
        }
