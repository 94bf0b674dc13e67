"""Whether a checkpoint can have learned from windows like those that it is measured on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.errors import DataError

if TYPE_CHECKING:
    from llasa_core.data.store import WindowStore
    from llasa_core.model.checkpoint import CheckpointConfig


def check_fits(store: WindowStore, checkpoint: CheckpointConfig) -> None:
    """Raise a DataError where the checkpoint cannot have learned from windows like these."""
    held = {store.activity_names[number] for number in np.unique(store.activity[store.activity >= 0])}
    if held and not held & set(checkpoint.activities):
        raise DataError(
            f"the checkpoint has seen none of this data's activities: the data holds {', '.join(sorted(held))}; "
            f"the checkpoint knows {', '.join(sorted(checkpoint.activities))}",
            where=store.folder,
            fix="finetune on data with these activities, or name them alike with `llasa prepare-data --label-map`",
        )
    windows = store.manifest["settings"]["windows"]
    made = windows["window_s"], windows["sampling_rate_hz"]
    wanted = checkpoint.window_s, checkpoint.sampling_rate_hz
    if not np.allclose(made, wanted):
        raise DataError(
            f"the data holds windows of {made[0]:g} s at {made[1]:g} Hz, "
            f"the checkpoint was trained on {wanted[0]:g} s at {wanted[1]:g} Hz",
            where=store.folder,
            fix=f"run `llasa prepare-data` again with `--window {wanted[0]:g}s --rate {wanted[1]:g}`",
        )
