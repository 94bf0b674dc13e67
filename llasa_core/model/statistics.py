"""What layer normalisation hides from the LM: where gravity points, and how much each channel moves."""

from __future__ import annotations

import torch

from llasa_core.model.config import N_STATISTICS

FEATURE_SCALE = 0.3
"""The encoder's features times this: 72 of them beside 18 statistics otherwise drown what is learned first."""

LEAST_STD = 1e-3
"""In g and rad/s, about the noise of a phone at rest; keeps the logarithm finite where a channel stands still."""


def window_statistics(scaled: torch.Tensor, n_groups: int) -> torch.Tensor:
    """Return simple statistics of a window for each of its sensor tokens.

    A still person's smallest movements tell sitting from standing and are a hundredth of gravity: LIMU-BERT's layer
    norm leaves little of them. A logarithm makes them as loud as a step.

    Args:
        scaled: float32 `[window, time, channel]`, acc in units of 9.8 m/s², gyr in rad/s.
        n_groups: sensor tokens of a window; divides the time.

    Returns:
        float32 `[window, group, 18]`: mean of the group, log standard deviation of the group, log standard deviation of
        the whole window, six channels each, brought to about the same spread.
    """
    n, length, channels = scaled.shape
    groups = scaled.reshape(n, n_groups, length // n_groups, channels)
    whole = _loudness(_std(scaled, 1))[:, None].expand(-1, n_groups, -1)
    statistics = torch.cat([2 * groups.mean(2), _loudness(_std(groups, 2)), whole], dim=-1)
    assert statistics.shape[-1] == N_STATISTICS  # noqa: S101 - the projector is made for as many
    return statistics


def _std(values: torch.Tensor, dim: int) -> torch.Tensor:
    """Count from the first sample, so that a channel at rest has exactly 0 in any runtime: the logarithm shows 1e-7."""
    return (values - values.narrow(dim, 0, 1)).std(dim, correction=0)


def _loudness(std: torch.Tensor) -> torch.Tensor:
    return (std + LEAST_STD).log() + 2
