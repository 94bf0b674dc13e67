"""A small data folder with true-to-life signals."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.activities import ACTIVITIES, UNKNOWN
from llasa_core.data.channels import STANDARD_GRAVITY
from llasa_core.data.store import MANIFEST, SCHEMA_VERSION, Rows, ShardWriter, WindowStore
from llasa_core.data.windows import WindowConfig
from llasa_core.files import write_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PEOPLE = {
    "train": ("made/01", "made/02", "made/03", "made/04"),
    "val": ("made/05",),
    "test": ("made/06", "made/07", "made/08"),
}
HELD = ("walking", "sitting", "lying")
"""What the people of the data folder do; the vocabulary has more."""


def signal_of(activity: str | None, rng: np.random.Generator) -> np.ndarray:
    """Return one window as a phone at the waist feels it: float32 [time, channel]."""
    seconds = np.arange(120) / 20
    window = rng.normal(0, 0.05, (120, 6))
    window[:, 2 if activity == "lying" else 0] += STANDARD_GRAVITY
    if activity == "walking":
        steps = np.sin(2 * np.pi * 2 * seconds + rng.uniform(0, 6))
        window[:, 0] += 3 * steps
        window[:, 4] += steps
    return window.astype(np.float32)


@pytest.fixture
def make_data(tmp_path: Path) -> Callable[..., WindowStore]:
    """Return a function that writes a data folder: four windows of every activity for every person."""

    def make(people: dict[str, tuple[str, ...]] = PEOPLE, activities: tuple[str | None, ...] = HELD) -> WindowStore:
        folder = tmp_path / "data"
        folder.mkdir()
        rng = np.random.default_rng(0)
        subjects = [name for split in people.values() for name in split]
        done = [(code, activity) for code in range(len(subjects)) for activity in activities for _ in range(4)]
        codes = [UNKNOWN if activity is None else ACTIVITIES.index(activity) for _, activity in done]
        subject = np.array([code for code, _ in done])
        columns = {"activity": np.array(codes), "subject": subject, "source": subject}
        columns |= {name: np.zeros(len(done)) for name in ("placement", "start_s", "quality")}
        writer = ShardWriter(folder, WindowConfig(), max_windows=len(done) + 1)
        writer.add(Rows(np.stack([signal_of(activity, rng) for _, activity in done]), columns))
        shard = writer.flush({"activity": ACTIVITIES, "subject": subjects, "placement": ["waist"]})
        write_json(
            folder / MANIFEST,
            {
                "schema_version": SCHEMA_VERSION,
                "settings": {"windows": WindowConfig().model_dump(mode="json")},
                "shards": [asdict(shard)],
                "sources": [{"name": f"{name}-walk"} for name in subjects],
                "activities": list(ACTIVITIES),
                "subjects": subjects,
                "placements": ["waist"],
                "splits": {"train": [], "val": [], "test": [], **people},
            },
        )
        return WindowStore(folder)

    return make
