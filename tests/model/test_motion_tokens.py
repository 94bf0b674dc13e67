"""The light head's numbers as inputs of the projector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from llasa_core.model.config import N_MOTION
from llasa_core.model.motion_features import motion_of, n_features
from llasa_core.model.motion_tokens import window_motion
from llasa_core.model.projector import ScaledProjector, make_projector
from llasa_core.model.tensors import load_module, save_module

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.model.multimodal import LlasaModel


@pytest.fixture
def moving() -> torch.Tensor:
    values = np.random.default_rng(1).normal(0, 1, (5, 120, 6)).astype(np.float32)
    values[..., 1] += 9.8
    return torch.from_numpy(values)


def test_there_are_as_many_as_the_projector_is_made_for():
    assert n_features()[1] == N_MOTION


def test_they_are_those_of_the_head(moving: torch.Tensor):
    found = window_motion(moving, 20.0)

    np.testing.assert_array_equal(found.numpy(), motion_of(moving.numpy(), 20.0).features)


def test_tensors_without_values_have_the_right_shape():
    with FakeTensorMode():
        found = window_motion(torch.empty(7, 120, 6), 20.0)

    assert (found.shape, found.dtype) == ((7, N_MOTION), torch.float32)


def test_the_projector_gets_them_at_the_windows_rate(make_model: Callable[..., LlasaModel], moving: torch.Tensor):
    model = make_model(motion=True)
    at_20 = model.sensor_tokens(moving)
    model.sampling_rate_hz = 40.0

    assert model.projector[0].in_features == model.encoder.config.hidden + N_MOTION
    assert not torch.allclose(model.sensor_tokens(moving), at_20)


def test_scaled_inputs_have_mean_0_and_deviation_1(make_model: Callable[..., LlasaModel], moving: torch.Tensor):
    model = make_model(motion=True, statistics=True)
    seen = []
    model.projector[0].register_forward_pre_hook(lambda _layer, inputs: seen.append(inputs[0]))
    model.scale_projector(moving)
    model.sensor_tokens(moving)

    inputs = seen[0].flatten(0, 1)
    changes = inputs.std(0) > 1e-2
    assert changes.sum() > 300
    torch.testing.assert_close(inputs.mean(0)[changes], torch.zeros(int(changes.sum())), atol=1e-3, rtol=0)
    torch.testing.assert_close(inputs.std(0, correction=0)[changes], torch.ones(int(changes.sum())), atol=1e-2, rtol=0)


def test_the_scale_is_saved_with_the_layers(tmp_path: Path):
    projector = make_projector("mlp2x_gelu", 6, 10, is_scaled=True)
    assert isinstance(projector, ScaledProjector)
    inputs = torch.randn(32, 6) * 100 + 7
    projector.scale_by(inputs)
    save_module(projector, tmp_path / "projector.safetensors")

    again = make_projector("mlp2x_gelu", 6, 10, is_scaled=True)
    load_module(again, tmp_path / "projector.safetensors")

    torch.testing.assert_close(again(inputs), projector(inputs))
    assert {"0.weight", "0.bias", "2.weight", "2.bias", "mean", "spread"} == set(again.state_dict())
