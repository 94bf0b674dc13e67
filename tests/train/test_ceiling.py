from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch

from llasa_core.train.ceiling import machine_file, measure, measured_ceiling

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache."""
    monkeypatch.setenv("LLASA_CACHE", str(tmp_path))
    return tmp_path


def test_a_ceiling_is_measured_once_and_kept_for_each_type():
    assert measured_ceiling(CPU, torch.float32) is None

    single = measure(CPU, torch.float32, seconds=0.01, sizes=[(64, 64, 64)])
    half = measure(CPU, torch.bfloat16, seconds=0.01, sizes=[(64, 64, 64)])

    assert single > 1e6
    assert measured_ceiling(CPU, torch.float32) == single
    assert measured_ceiling(CPU, torch.bfloat16) == half
    assert measured_ceiling(CPU, torch.float16) is None


def test_a_ceiling_of_other_threads_or_another_torch_does_not_count():
    measure(CPU, torch.float32, seconds=0.01, sizes=[(64, 64, 64)])
    ((key, values),) = json.loads(machine_file().read_text()).items()

    machine_file().write_text(json.dumps({key.replace("torch ", "torch 0"): values}))
    assert measured_ceiling(CPU, torch.float32) is None
    machine_file().write_text(json.dumps({key.replace(" threads", "9 threads"): values}))
    assert measured_ceiling(CPU, torch.float32) is None


def test_a_busy_hour_does_not_lower_the_ceiling():
    measure(CPU, torch.float32, seconds=0.01, sizes=[(64, 64, 64)])
    ((key, values),) = json.loads(machine_file().read_text()).items()
    machine_file().write_text(json.dumps({key: {**values, "float32": 1e18}}))

    assert measure(CPU, torch.float32, seconds=0.01, sizes=[(64, 64, 64)]) == 1e18


@pytest.mark.parametrize("text", ["{", "[]", '{"x": 1}', '{"x": {"float32": "fast"}}'])
def test_a_damaged_file_is_measured_anew(text: str):
    machine_file().write_text(text)

    assert measured_ceiling(CPU, torch.float32) is None
    single = measure(CPU, torch.float32, seconds=0.01, sizes=[(64, 64, 64)])
    assert measured_ceiling(CPU, torch.float32) == single
