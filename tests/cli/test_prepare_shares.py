from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llasa_cli.app import main

if TYPE_CHECKING:
    from pathlib import Path


def test_shares_of_several_machines_become_one_folder(
    hapt_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    whole, merged = tmp_path / "whole", tmp_path / "merged"
    shares = [str(tmp_path / f"share{nth}") for nth in (1, 2)]
    small = ["--shard-mb", "0.02"]

    assert main(["prepare-data", str(hapt_folder), "--out", str(whole), *small]) == 0
    for nth, out in enumerate(shares, start=1):
        assert main(["prepare-data", str(hapt_folder), "--out", out, *small, "--shard", f"{nth}/2", "--json"]) == 0
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()[-2:]]
    assert main(["prepare-data", "--merge", *shares, "--out", str(merged)]) == 0

    assert [one["share"] for one in shown] == ["1/2", "2/2"]
    assert sum(one["windows"] for one in shown) == 12
    assert {file.name: file.read_bytes() for file in merged.iterdir()} == {
        file.name: file.read_bytes() for file in whole.iterdir()
    }
    assert "  12 windows of 2 subjects, " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["--merge", "--seed", "7", "--window", "6s"],
            (
                "error: `--merge` takes folders as they are, so --seed, --window can change nothing\n"
                "  fix:   leave it out, or pass it where the folders are prepared\n"
            ),
        ),
        (
            ["--backend", "dask"],
            (
                "error: `--backend dask` needs the cluster's address\n"
                "  fix:   pass it, as in `--scheduler tcp://host:8786`\n"
            ),
        ),
        (
            ["--scheduler", "tcp://host:8786"],
            ("error: `--scheduler` is of no use to this machine alone\n  fix:   pass `--backend dask` with it\n"),
        ),
        (
            ["--shard", "3/2"],
            (
                'error: --shard is not a share of all recordings: "3/2"\n'
                "  fix:   write it like `--shard 2/8`, from 1/8 to 8/8\n"
            ),
        ),
    ],
)
def test_flags_that_do_not_go_together_are_named(
    flags: list[str], message: str, hapt_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["prepare-data", str(hapt_folder), "--out", str(tmp_path / "data"), *flags]) == 2

    assert capsys.readouterr().err == message
    assert not (tmp_path / "data").exists()


def test_an_unreachable_scheduler_ends_with_1(
    hapt_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("llasa_core.data.dask_crew.ANSWERS_WITHIN_S", 0.5)
    flags = ["--backend", "dask", "--scheduler", "tcp://127.0.0.1:9", "--json"]

    assert main(["prepare-data", str(hapt_folder), "--out", str(tmp_path / "data"), *flags]) == 1

    error = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (error["error"], error["where"]) == ("no Dask scheduler answers at this address", "tcp://127.0.0.1:9")
