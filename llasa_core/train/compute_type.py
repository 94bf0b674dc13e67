"""The type that a stage's LM computes in on the device at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.machine import computes_half_precision

if TYPE_CHECKING:
    from llasa_core.model.config import ModelConfig


def for_device(config: ModelConfig, device_type: str) -> ModelConfig:
    """Return the settings with `dtype: float32` in place of bfloat16 on a CPU that has none in its hardware.

    It would emulate it, a step of SmolLM2-135M taking minutes. Checkpoints keep the type that the recipe names: their
    weights are the base LM's, and whoever loads them holds them in what is quick there.

    Args:
        config: of the recipe.
        device_type: `cpu` or `cuda`.
    """
    if device_type != "cpu" or config.dtype != "bfloat16" or computes_half_precision():
        return config
    return config.model_copy(update={"dtype": "float32"})
