from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from llasa_core.machine import HostMemory
from llasa_core.model import widen
from llasa_core.model.widen import widened

if TYPE_CHECKING:
    from llasa_core.model.multimodal import LlasaModel


@pytest.mark.parametrize("has_bfloat16", [True, False])
def test_weights_are_widened_where_the_cpu_has_no_bfloat16(
    model: LlasaModel, monkeypatch: pytest.MonkeyPatch, *, has_bfloat16: bool
):
    monkeypatch.setattr(widen, "computes_half_precision", lambda: has_bfloat16)
    model.lm.bfloat16()
    before = {name: tensor.clone() for name, tensor in model.lm.state_dict().items()}

    after = widened(model)

    assert after.lm.dtype == (torch.bfloat16 if has_bfloat16 else torch.float32)
    assert all((before[name] == tensor).all() for name, tensor in after.lm.state_dict().items())  # nothing is rounded


def test_weights_that_would_not_fit_into_memory_stay_as_they_are(model: LlasaModel, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(widen, "computes_half_precision", lambda: False)
    monkeypatch.setattr(widen, "host_memory", lambda: HostMemory(total=1000, available=1000, is_limited=False))
    model.lm.bfloat16()

    assert widened(model).lm.dtype == torch.bfloat16
