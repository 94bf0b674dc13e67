from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llasa_cli.app import main
from llasa_core.data.store import WindowStore

if TYPE_CHECKING:
    from pathlib import Path


def test_json_holds_the_promised_keys(hapt_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["prepare-data", str(hapt_folder), "--out", str(tmp_path / "data"), "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert {key: shown[key] for key in ("windows", "subjects", "qa_items", "activities")} == {
        "windows": 12,
        "subjects": 2,
        "qa_items": 142,
        "activities": {"walking": 6, "sitting": 6},
    }
    assert set(shown["left_out"][0]) == {"source", "reason", "count", "unit", "seconds"}
    assert shown["seconds"] > 0


def test_flags_change_the_windows(hapt_folder: Path, tmp_path: Path):
    flags = ["--window", "2s", "--stride", "1.5 s", "--target-rate", "10", "--qa", "none", "--seed", "3"]

    assert main(["prepare-data", str(hapt_folder), "--out", str(tmp_path / "data"), *flags]) == 0

    store = WindowStore(tmp_path / "data")
    assert store.take([0]).shape == (1, 20, 6)
    assert store.start_s[:3].tolist() == [0, 1.5, 3]
    assert store.manifest["settings"]["seed"] == 3
    assert store.manifest["qa_items"] == {}


def test_compat_puts_published_windows_side_by_side(hapt_folder: Path, tmp_path: Path):
    assert main(["prepare-data", str(hapt_folder), "--out", str(tmp_path / "data"), "--compat", "limu-bert"]) == 0

    # 699 samples a label but its last make 279 steps, which are 2 windows of 120
    store = WindowStore(tmp_path / "data")
    assert store.start_s[:4].tolist() == [0, 6, 15, 21]
    assert store.manifest["settings"]["windows"]["compat"] == "limu-bert"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["--window", "3min"],
            'error: --window is not a length in seconds: "3min"\n  fix:   write it like `--window 6s`\n',
        ),
        (
            ["--label-map", "wlk"],
            'error: --label-map is not LABEL=ACTIVITY: "wlk"\n  fix:   write it like `--label-map wlk=walking`\n',
        ),
        (
            ["--stride", "3s", "--compat", "limu-bert"],
            (
                "error: compat limu-bert needs windows of 120 samples side by side, not 120 samples every 60\n"
                "  fix:   `llasa prepare-data --help` says what it takes\n"
            ),
        ),
        (
            ["--stride", "0"],
            "error: --stride: it should be greater than 0\n  fix:   `llasa prepare-data --help` says what it takes\n",
        ),
    ],
)
def test_a_wrong_flag_is_named(
    flags: list[str], message: str, hapt_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["prepare-data", str(hapt_folder), "--out", str(tmp_path / "data"), *flags]) == 2

    assert capsys.readouterr().err == message
    assert not (tmp_path / "data").exists()


@pytest.mark.shared
def test_hapt_as_downloaded_gives_the_published_windows(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    flags = ["--compat", "limu-bert", "--qa", "none", "--json", "--workers", "1"]
    assert main(["prepare-data", str(shared / "data" / "HAPT_RawData.zip"), "--out", str(tmp_path / "d"), *flags]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["windows"] == 2088
    assert shown["activities"] == {
        "walking": 355,
        "climbing stairs": 318,
        "descending stairs": 254,
        "sitting": 362,
        "standing": 398,
        "lying": 401,
    }
