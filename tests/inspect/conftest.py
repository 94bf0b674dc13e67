"""Recordings in the most plain table, written as a logger writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from samples.sample import motion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np

NAMES = ("acc_x (m/s^2)", "acc_y (m/s^2)", "acc_z (m/s^2)", "gyr_x (rad/s)", "gyr_y (rad/s)", "gyr_z (rad/s)")


@pytest.fixture
def write_table() -> Callable[..., Path]:
    """Return what writes samples of one motion: `write_table(path, times, begins_s=0.0, n_columns=6)`."""
    return table


def table(
    path: Path, times: np.ndarray, *, begins_s: float = 0.0, labels: Sequence[str] = (), n_columns: int = 6
) -> Path:
    """Write what the sensor measured at these times; `begins_s` is where in the motion the recording begins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = motion(times + begins_s)[:, :n_columns]
    lines = [",".join(("time (s)", *NAMES[:n_columns], *(["label"] if labels else [])))]
    for nth, (time, sample) in enumerate(zip(times, samples, strict=True)):
        cells = [f"{time:.3f}", *(f"{value:.6f}" for value in sample)]
        lines.append(",".join((*cells, *([labels[nth]] if labels else []))))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
