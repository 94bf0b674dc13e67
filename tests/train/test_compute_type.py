"""bfloat16 where the device has it."""

from __future__ import annotations

import pytest

from llasa_core.model.config import ModelConfig
from llasa_core.train import compute_type
from llasa_core.train.compute_type import for_device


@pytest.mark.parametrize(
    ("named", "device", "has_bfloat16", "expected"),
    [
        ("bfloat16", "cpu", False, "float32"),
        ("bfloat16", "cpu", True, "bfloat16"),
        ("bfloat16", "cuda", False, "bfloat16"),
        ("float16", "cpu", False, "float16"),
        ("float32", "cpu", False, "float32"),
    ],
)
def test_a_cpu_that_would_emulate_it_computes_in_float32(
    monkeypatch: pytest.MonkeyPatch, named: str, device: str, *, has_bfloat16: bool, expected: str
):
    monkeypatch.setattr(compute_type, "computes_half_precision", lambda: has_bfloat16)
    config = ModelConfig(base_lm="tiny-random", dtype=named)  # type: ignore[arg-type]

    assert for_device(config, device) == config.model_copy(update={"dtype": expected})
