"""What the model makes of a recording's windows: how likely each activity is in each of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.grounded.activities import PLAIN_QUESTION, activity_answer
from llasa_core.data.qa import SENSOR, Turn
from llasa_core.model.calibration import softmax
from llasa_core.model.collate import Sample
from llasa_core.model.score import score_choices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.chat.recording_windows import RecordingWindows
    from llasa_core.model.multimodal import LlasaModel


@dataclass(frozen=True)
class WindowActivity:
    """The likeliest activity of one window."""

    start_s: float
    end_s: float
    activity: str
    probability: float


@dataclass(frozen=True)
class ActivityView:
    """Activities over the windows that were looked at."""

    activities: tuple[str, ...]
    looked_at: np.ndarray
    """int64 `[n]`: positions of the windows in the recording."""
    start_s: np.ndarray
    """float64 `[n]`."""
    window_s: float
    probabilities: np.ndarray
    """float64 `[n, activity]`: each row sums to 1."""
    n_windows: int
    """Windows of the whole recording."""

    @property
    def mean(self) -> dict[str, float]:
        """Return each activity's probability, averaged over the windows, likeliest first."""
        means = self.probabilities.mean(axis=0)
        return {self.activities[i]: float(means[i]) for i in np.argsort(-means, kind="stable")}

    @property
    def typical(self) -> int:
        """Return the position, in the recording, of the window that shows the overall activity most clearly."""
        if not self.activities:  # nothing to go by: the middle
            return int(self.looked_at[len(self.looked_at) // 2])
        overall = self.probabilities.mean(axis=0).argmax()
        return int(self.looked_at[self.probabilities[:, overall].argmax()])

    @property
    def windows(self) -> list[WindowActivity]:
        """Return the likeliest activity of each window."""
        if not self.activities:
            return []
        best = self.probabilities.argmax(axis=1)
        return [
            WindowActivity(float(start), float(start) + self.window_s, self.activities[i], float(row[i]))
            for start, row, i in zip(self.start_s, self.probabilities, best, strict=True)
        ]

    def __str__(self) -> str:
        """`windows: 5 × walking, 2 × standing`, and how many were not looked at."""
        counts = Counter(window.activity for window in self.windows)
        found = ", ".join(f"{count} × {activity}" for activity, count in counts.most_common())
        looked = len(self.looked_at)
        rest = f" ({looked} of {self.n_windows} looked at)" if looked < self.n_windows else ""
        return f"windows: {found or looked}{rest}"


def view_activities(
    model: LlasaModel,
    activities: Sequence[str],
    windows: RecordingWindows,
    max_windows: int,
    *,
    temperature: float = 1.0,
) -> ActivityView:
    """Score every activity as the answer to "What is the person doing?" for windows spread over the recording.

    Args:
        model: from `load_checkpoint`.
        activities: the names that it was trained on.
        windows: from `cut_for_chat`.
        max_windows: of a longer recording, this many evenly spaced windows are scored.
        temperature: of the probabilities, as it was fitted for this checkpoint.
    """
    looked_at = windows.evenly_spaced(max_windows)
    probabilities = np.empty((len(looked_at), 0))
    if activities:
        turns = (Turn("human", f"{SENSOR}\n{PLAIN_QUESTION}"),)
        samples = [Sample(windows.windows[i : i + 1], turns) for i in looked_at]
        scores = score_choices(model, samples, [activity_answer(name) for name in activities])
        probabilities = softmax(scores, temperature)
    return ActivityView(
        activities=tuple(activities),
        looked_at=looked_at,
        start_s=windows.start_s[looked_at],
        window_s=windows.window_s,
        probabilities=probabilities,
        n_windows=len(windows.windows),
    )
