from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.qa import SENSOR, Turn
from llasa_core.errors import ModelError
from llasa_core.model.config import ModelConfig
from llasa_core.model.generate import generate_tokens
from llasa_core.model.multimodal import tokens_per_window

if TYPE_CHECKING:
    from llasa_core.model.multimodal import LlasaModel


@pytest.mark.parametrize(
    ("sensor_tokens", "n_samples", "n_tokens"), [(24, 120, 24), (120, 120, 120), (120, 50, 50), (12, 60, 12)]
)
def test_a_window_becomes_at_most_one_token_for_each_sample(sensor_tokens: int, n_samples: int, n_tokens: int):
    assert tokens_per_window(ModelConfig(sensor_tokens=sensor_tokens), n_samples) == n_tokens


def test_a_window_that_the_tokens_do_not_divide_is_an_error(model: LlasaModel):
    windows = np.zeros((1, 50, 6), dtype=np.float32)

    with pytest.raises(ModelError) as caught:
        next(generate_tokens(model, windows, [Turn("human", SENSOR)]))

    assert str(caught.value) == (
        "24 sensor tokens do not divide a window of 50 samples\n"
        "  fix:   use windows of the length that the model was trained on"
    )
