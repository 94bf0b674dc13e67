"""UCI HAPT, and LIMU-BERT's arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samples.sample import GRAVITY, Sample, motion

if TYPE_CHECKING:
    from pathlib import Path


def write_hapt(folder: Path) -> None:
    samples = motion(np.arange(1000) / 50)
    np.savetxt(folder / "acc_exp01_user01.txt", samples[:, :3] / GRAVITY)
    np.savetxt(folder / "gyro_exp01_user01.txt", samples[:, 3:])
    (folder / "labels.txt").write_text("1 1 5 0 499\n1 1 10 500 599\n1 1 4 600 999\n", encoding="utf-8")


def write_limu_bert(folder: Path) -> None:
    (folder / "uci").mkdir()
    np.save(folder / "uci" / "data_20_120.npy", motion(np.arange(480) / 20).reshape(4, 120, 6))
    np.save(folder / "uci" / "label_20_120.npy", np.zeros((4, 120, 2)))


PUBLISHED_SAMPLES = (
    Sample(
        "hapt",
        write_hapt,
        "g",
        "rad/s",
        (50, 50),
        "hapt/01",
        ("standing", "sitting"),
        tolerance=1e-6,
        placement="waist",
    ),
    Sample(
        "limu-bert",
        write_limu_bert,
        "m/s^2",
        "rad/s",
        (20, 20),
        "hapt/01",
        ("walking",) * 4,
        tolerance=1e-6,
        placement="waist",
    ),
)
