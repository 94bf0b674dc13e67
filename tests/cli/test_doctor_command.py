from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from llasa_cli.app import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache; the current folder is empty too."""
    monkeypatch.setenv("LLASA_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache"


def test_doctor_tells_people_what_is_here(capsys: pytest.CaptureFixture[str]):
    assert main(["doctor"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "versions"
    assert "devices" in lines
    assert any(line.startswith("  · smollm2-135m") and "llasa fetch smollm2-135m" in line for line in lines)


def test_doctor_tells_programs_too(capsys: pytest.CaptureFixture[str]):
    assert main(["doctor", "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["is_ready"] is True
    (memory,) = [fact for fact in shown["host"] if fact["name"] == "memory"]
    assert memory["details"]["total_bytes"] > 0


def products(shown: str) -> dict[str, float]:
    """Return the FLOP/s of each type that a JSON report holds."""
    return {
        fact["name"]: fact["details"]["flops_per_s"]
        for fact in json.loads(shown)["matrix_products"]
        if fact["name"] != "other work"
    }


def test_bench_measures_and_keeps_the_ceiling(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("llasa_core.train.ceiling.SECONDS", 0.01)
    monkeypatch.setattr("llasa_core.train.ceiling.SIZES", {"cpu": ((64, 64, 64),), "cuda": ((64, 64, 64),)})

    assert main(["doctor", "--bench", "--json"]) == 0
    measured = products(capsys.readouterr().out)

    (kept,) = json.loads((cache / "machine.json").read_text()).values()
    assert kept == measured
    assert main(["doctor", "--json"]) == 0
    assert products(capsys.readouterr().out) == measured


def test_a_broken_part_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "h5py.py").write_text("raise ImportError('libhdf5.so is missing')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "h5py", raising=False)

    assert main(["doctor"]) == 1
    assert "✗ import h5py: fails: libhdf5.so is missing" in capsys.readouterr().out
