from __future__ import annotations

import numpy as np
import pytest

from llasa_core.chat.activity import ActivityView, WindowActivity


def view_of(*probabilities: tuple[float, ...], n_windows: int | None = None) -> ActivityView:
    n = len(probabilities)
    return ActivityView(
        activities=("walking", "sitting", "lying"),
        looked_at=np.arange(n) * 2,
        start_s=np.arange(n) * 12.0,
        window_s=6.0,
        probabilities=np.array(probabilities),
        n_windows=n_windows or n,
    )


def test_probabilities_are_averaged_over_windows_likeliest_first():
    view = view_of((0.1, 0.8, 0.1), (0.1, 0.6, 0.3))

    assert list(view.mean) == ["sitting", "lying", "walking"]
    assert view.mean == pytest.approx({"sitting": 0.7, "lying": 0.2, "walking": 0.1})


def test_the_typical_window_is_the_clearest_of_the_overall_activity():
    view = view_of((0.95, 0.05, 0.0), (0.2, 0.7, 0.1), (0.1, 0.8, 0.1))

    assert max(view.mean, key=view.mean.__getitem__) == "sitting"
    assert view.typical == 4  # the third that was looked at is the fifth of the recording


def test_every_window_says_its_likeliest_activity():
    assert view_of((0.9, 0.1, 0.0), (0.2, 0.2, 0.6)).windows == [
        WindowActivity(0.0, 6.0, "walking", 0.9),
        WindowActivity(12.0, 18.0, "lying", 0.6),
    ]


def test_a_recording_with_several_activities_is_summed_up_in_one_line():
    view = view_of((0.9, 0.1, 0.0), (0.1, 0.9, 0.0), (0.8, 0.2, 0.0))

    assert str(view) == "windows: 2 × walking, 1 × sitting"


def test_a_long_recording_says_how_much_of_it_was_looked_at():
    assert str(view_of((0.9, 0.1, 0.0), n_windows=50)) == "windows: 1 × walking (1 of 50 looked at)"


def test_a_checkpoint_without_activities_has_no_probabilities_and_a_middle():
    view = ActivityView((), np.array([0, 3, 6]), np.array([0.0, 18.0, 36.0]), 6.0, np.empty((3, 0)), 7)

    assert (view.mean, view.windows, view.typical) == ({}, [], 3)
    assert str(view) == "windows: 3 (3 of 7 looked at)"
