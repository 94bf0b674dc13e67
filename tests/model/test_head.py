from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from llasa_core.errors import ModelError
from llasa_core.model.head import HEAD_FILE, HeadWeights, WindowHead, n_statistics, read_head, save_head
from llasa_core.model.head import stretch_statistics as statistics_of
from llasa_core.model.shipped import shipped
from llasa_core.model.statistics import window_statistics

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = n_statistics()


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def head_of(n_hidden: int = 4, n_classes: int = 3) -> WindowHead:
    weights = HeadWeights(
        shift=drawn(WIDTH),
        scale=np.ones(WIDTH, np.float32),
        hidden=drawn(WIDTH, n_hidden),
        hidden_bias=drawn(n_hidden),
        out=drawn(2 * n_hidden, n_classes),
        out_bias=drawn(n_classes),
        centres=drawn(n_classes, 2 * n_hidden),
        whiten=np.eye(2 * n_hidden, dtype=np.float32),
    )
    names = ("walking", "sitting", "lying")[:n_classes]
    return WindowHead(weights, names, 12, 0.5, 0.7, 3.0, sampling_rate_hz=20.0, window_s=6.0)


def test_a_head_looks_at_what_the_projector_gets():
    windows = 3 * drawn(5, 120, 6)
    scaled = torch.from_numpy(windows.copy())
    scaled[..., :3] /= 9.8

    np.testing.assert_allclose(statistics_of(windows, 12), window_statistics(scaled, 12).numpy(), atol=2e-5)


def test_probabilities_sum_to_one_whatever_is_asked_at_once():
    windows = drawn(5, 120, 6)
    log_p, distance = head_of().judge(windows)

    np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(head_of().log_probabilities(windows[3:4])[0], log_p[3], atol=1e-5)
    assert (distance > 0).all()


def test_a_head_is_read_as_it_was_saved(tmp_path: Path):
    head = head_of()
    save_head(head, tmp_path)
    found = read_head(tmp_path)

    assert found is not None
    assert found.activities == head.activities
    np.testing.assert_array_equal(found.judge(drawn(2, 120, 6))[0], head.judge(drawn(2, 120, 6))[0])


def test_a_checkpoint_may_lack_a_head(tmp_path: Path):
    assert read_head(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"not a tensor file", b"\x10\x00\x00\x00\x00\x00\x00\x00{}"])
def test_a_damaged_head_is_named(tmp_path: Path, content: bytes):
    (tmp_path / HEAD_FILE).write_bytes(content)

    with pytest.raises(ModelError, match=r"head\.safetensors cannot be read") as caught:
        read_head(tmp_path)
    assert caught.value.where == str(tmp_path / HEAD_FILE)


def test_windows_of_another_length_are_refused():
    with pytest.raises(ModelError, match="a window of 100 samples; this head was trained on 120"):
        head_of().judge(drawn(1, 100, 6))


def test_the_shipped_checkpoint_has_a_head_for_its_activities():
    folder = shipped("smol")
    assert folder is not None
    head = read_head(folder)

    assert head is not None
    assert head.activities == ("walking", "climbing stairs", "descending stairs", "sitting", "standing", "lying")
