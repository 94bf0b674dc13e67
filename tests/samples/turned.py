"""The example recording as a device that was worn another way would have made it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

MIX = Path(__file__).parents[2] / "examples" / "mix.csv"
N_ROWS = 5000
"""100 s, in which nobody walks."""


def upside_down() -> str:
    """Return the first 100 s of the example as CSV, the device turned half about z."""
    head, *rows = MIX.read_text(encoding="utf-8").splitlines()
    values = np.array([[float(cell) for cell in row.split(",")] for row in rows[:N_ROWS]])
    values[:, [1, 2, 4, 5]] *= -1
    return "\n".join([head, *(",".join(map(str, row)) for row in values.tolist())])
