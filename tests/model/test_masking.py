from __future__ import annotations

import numpy as np

from llasa_core.model.masking import mask_spans, masked_positions


def test_every_window_has_as_many_masked_positions_as_said():
    is_masked = mask_spans(np.random.default_rng(0), 200, 120, 0.15, 10)

    assert masked_positions(120, 0.15) == 18
    assert set(is_masked.sum(1).tolist()) == {18}
    assert is_masked.any(0).all()  # the last position too
