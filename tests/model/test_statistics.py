from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import pytest
import torch

from llasa_core.model.statistics import LEAST_STD, window_statistics

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from llasa_core.model.multimodal import LlasaModel


def test_means_and_loudness_of_groups_and_window():
    window = torch.zeros(1, 4, 6)
    window[0, :, 0] = torch.tensor([1.0, 1.0, 2.0, 4.0])

    first, second = window_statistics(window, 2)[0]

    assert first[0].item() == pytest.approx(2 * 1)
    assert second[0].item() == pytest.approx(2 * 3)
    assert first[6].item() == pytest.approx(log(0 + LEAST_STD) + 2)
    assert second[6].item() == pytest.approx(log(1 + LEAST_STD) + 2)
    assert first[12].item() == second[12].item() == pytest.approx(log(1.5**0.5 + LEAST_STD) + 2)


def test_a_tenfold_tremor_is_a_fixed_step_louder():
    tremor = torch.randn(1, 120, 6, generator=torch.Generator().manual_seed(0))
    quiet, loud = (window_statistics(tremor * size, 24)[0, 0, 12] for size in (0.05, 0.5))

    assert (loud - quiet).item() == pytest.approx(log(10), abs=0.05)


def test_the_projector_is_wider_by_them(make_model: Callable[..., LlasaModel], windows: np.ndarray):
    plain, beside = make_model(), make_model(statistics=True)

    assert beside.projector[0].in_features == plain.projector[0].in_features + 18
    assert beside.sensor_tokens(torch.from_numpy(windows)).shape == plain.sensor_tokens(torch.from_numpy(windows)).shape
