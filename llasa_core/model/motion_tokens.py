"""What a light head looks at, for the projector: NumPy inside a graph of torch."""

from __future__ import annotations

import torch

from llasa_core.model.config import N_MOTION
from llasa_core.model.motion_features import motion_of


@torch.library.custom_op("llasa::window_motion", mutates_args=())
def window_motion(windows: torch.Tensor, sampling_rate_hz: float) -> torch.Tensor:
    """Describe how stored windows move, in numbers that no rotation of the device changes (`motion_features`).

    An operator of its own, since NumPy computes it: windows on a GPU are fetched, and tensors without values give one
    of the right shape. Nothing is learned through it.

    Args:
        windows: `[window, time, channel]`, acc in m/s² with gravity, gyr in rad/s.
        sampling_rate_hz: of the windows.

    Returns:
        float32 `[window, 250]`.
    """
    features = motion_of(windows.detach().float().cpu().numpy(), sampling_rate_hz).features
    return torch.from_numpy(features).to(windows.device)


@window_motion.register_fake
def _(windows: torch.Tensor, sampling_rate_hz: float) -> torch.Tensor:  # noqa: ARG001 - the operator's arguments
    return windows.new_empty((windows.shape[0], N_MOTION), dtype=torch.float32)
