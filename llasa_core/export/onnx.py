"""Encoder and projector as one ONNX file: windows in, sensor tokens out, without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from llasa_core.data.channels import CHANNELS
from llasa_core.errors import RunError
from llasa_core.export.quiet import quiet
from llasa_core.files import written_whole
from llasa_core.model.config import N_MOTION
from llasa_core.model.limu_bert import LimuBert
from llasa_core.model.motion_tokens import window_motion
from llasa_core.model.multimodal import sensor_vectors
from llasa_core.model.projector import make_projector
from llasa_core.model.tensors import load_module
from llasa_core.train.card import shown_base

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llasa_core.export.source import Source
    from llasa_core.model.checkpoint import CheckpointConfig

FILE = "sensor_tokens.onnx"
OPSET = 18
LARGEST_DIFFERENCE = 1e-4
"""Between torch's sensor tokens and onnxruntime's; float32 and another order of additions leave about 1e-6."""
WINDOWS, MOTION, TOKENS = "windows", "motion", "sensor_tokens"
MOTION_IS = "llasa_core.model.motion_features.motion_of(windows, rate).features"


@dataclass(frozen=True)
class OnnxFile:
    """What was written, and how well it agrees with torch."""

    file: Path
    bytes: int
    opset: int
    windows: tuple[int | str, ...]
    """Shape of the input; the first axis is free."""
    motion: tuple[int | str, ...] | None
    """Shape of the second input, `motion_of(windows, rate).features`; None where the checkpoint takes none."""
    sensor_tokens: tuple[int | str, ...]
    """Shape of the output."""
    max_abs_diff: float
    """Between torch and onnxruntime."""

    def __str__(self) -> str:
        motion = "" if self.motion is None else f", {MOTION} float32 {_shape(self.motion)}"
        return (
            f"{self.file}: {self.bytes / 1e6:.1f} MB, opset {self.opset}\n"
            f"  {WINDOWS} float32 {_shape(self.windows)}{motion} -> {TOKENS} float32 {_shape(self.sensor_tokens)}\n"
            f"  onnxruntime differs from torch by {self.max_abs_diff:.1e} at most"
        )


def export_onnx(source: Source, folder: Path) -> OnnxFile:
    """Write `sensor_tokens.onnx`, once onnxruntime has given the same numbers as torch.

    The file takes windows as they are stored, float32 `[N, time, channel]`, acceleration in m/s² with gravity and
    angular rate in rad/s, and returns float32 `[N, S, D]`, any number N at once. Of a checkpoint with `model.motion` it
    also takes what NumPy computes of them, `MOTION_IS`, float32 `[N, 250]`. What a program needs to know besides
    (channels, rate, activities) is in the file's metadata under `llasa`.

    Args:
        source: a checkpoint; its LM is not loaded.
        folder: where the file appears.

    Raises:
        RunError: onnxruntime's numbers are others, or the disk is full.
    """
    bridge = SensorBridge(source)
    example = probing_windows(bridge.window_len)
    with written_whole(folder / FILE) as beside:
        _write(bridge, example, beside, _about(source.config))
        difference = max(_difference(bridge, beside, windows) for windows in _batches(example))
        if not difference <= LARGEST_DIFFERENCE:  # also where it is no number
            raise RunError(
                f"onnxruntime's sensor tokens differ from torch's by {difference:.1e}, "
                f"more than {LARGEST_DIFFERENCE:.0e}: the file was not written",
                where=folder / FILE,
                fix="try other versions of onnxruntime and torch, and report this with the checkpoint's config.json",
            )
        size = beside.stat().st_size
    shape = (source.config.model.sensor_tokens, source.config.base_lm["hidden_size"])
    motion = ("N", N_MOTION) if source.config.model.motion else None
    windows = ("N", bridge.window_len, len(CHANNELS))
    return OnnxFile(folder / FILE, size, OPSET, windows, motion, ("N", *shape), float(difference))


class SensorBridge(nn.Module):
    """Encoder and projector of a checkpoint, in float32."""

    def __init__(self, source: Source) -> None:
        """Load both.

        Raises:
            ModelError: their files do not fit the checkpoint's settings.
        """
        super().__init__()
        config = source.config
        self.config = config.model
        self.sampling_rate_hz = config.sampling_rate_hz
        self.window_len = round(config.window_s * config.sampling_rate_hz)
        self.encoder = LimuBert(config.encoder)
        width = config.model.projector_width_in(config.encoder)
        self.projector = make_projector(
            config.model.projector, width, config.base_lm["hidden_size"], is_scaled=config.model.motion
        )
        load_module(self.encoder, source.folder / "encoder.safetensors")
        load_module(self.projector, source.folder / "projector.safetensors")
        self.float().eval().requires_grad_(requires_grad=False)

    def inputs(self, windows: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return what the file takes of stored windows `[N, time, channel]`, by name."""
        if not self.config.motion:
            return {WINDOWS: windows}
        return {WINDOWS: windows, MOTION: window_motion(windows, self.sampling_rate_hz)}

    def forward(self, windows: torch.Tensor, motion: torch.Tensor | None = None) -> torch.Tensor:
        """Turn stored windows `[N, time, channel]`, and what is computed of them, into sensor tokens `[N, S, D]`."""
        return sensor_vectors(self.config, self.encoder, self.projector, windows, motion)


def probing_windows(window_len: int) -> torch.Tensor:
    """Return windows that try a bridge: float32 `[8, time, channel]`.

    The first is a sensor at perfect rest, the second is all zeros, as after a gap; the others move, ever more.
    """
    random = np.random.default_rng(0)
    windows = np.zeros((8, window_len, len(CHANNELS)), np.float32)
    windows[0, :, 2] = 9.81
    for i, strength in enumerate((0.01, 0.3, 1, 3, 10, 30), start=2):
        windows[i] = random.normal(0, strength, windows[i].shape)
        windows[i, :, i % 3] += 9.81
    return torch.from_numpy(windows)


def _batches(windows: torch.Tensor) -> Iterator[torch.Tensor]:
    yield windows
    yield from (windows[i : i + 1] for i in range(len(windows)))


def _write(bridge: SensorBridge, example: torch.Tensor, file: Path, about: dict[str, str]) -> None:
    inputs, many = bridge.inputs(example), torch.export.Dim("N")
    with quiet():
        program: Any = torch.onnx.export(
            bridge,
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=[TOKENS],
            dynamic_shapes={name: {0: many} for name in inputs},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    program.model.metadata_props.update(about)
    program.save(str(file))


def _about(config: CheckpointConfig) -> dict[str, str]:
    said = {
        "channels": list(CHANNELS),
        "units": {"acc": "m/s^2, with gravity", "gyr": "rad/s"},
        "sampling_rate_hz": config.sampling_rate_hz,
        "window_s": config.window_s,
        "base_lm": shown_base(config),
        "activities": list(config.activities),
    }
    if config.model.motion:
        said["motion"] = MOTION_IS
    return {"llasa": json.dumps(said)}


def _difference(bridge: SensorBridge, file: Path, windows: torch.Tensor) -> float:
    """Return the largest difference of any number."""
    from onnxruntime import InferenceSession  # noqa: PLC0415 - an extra

    session = InferenceSession(str(file), providers=["CPUExecutionProvider"])
    inputs = bridge.inputs(windows)
    (found,) = session.run([TOKENS], {name: values.numpy() for name, values in inputs.items()})
    with torch.inference_mode():
        wanted = bridge(*inputs.values()).numpy()
    return float(np.abs(found - wanted).max()) if found.shape == wanted.shape else float("inf")


def _shape(shape: tuple[int | str, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"
