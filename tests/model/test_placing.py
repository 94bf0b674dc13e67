from __future__ import annotations

import numpy as np

from llasa_core.model.placing import likeliest_place


def test_many_windows_tell_together_what_one_does_not():
    placed = np.tile([0.0, 1.0], (30, 1))

    assert likeliest_place(placed[:1], np.zeros(1)) is None
    assert likeliest_place(placed, np.zeros(30)) == 1


def test_windows_that_contradict_each_other_tell_nothing():
    assert likeliest_place(np.array([[0.0, 9.0], [9.0, 0.0]]), np.zeros(2)) is None


def test_one_window_alone_does_not_outvote_all_others():
    placed = np.vstack([np.tile([2.0, 0.0], (20, 1)), [[0.0, 1e6]]])

    assert likeliest_place(placed, np.zeros(21)) == 0


def test_strange_windows_tell_no_place():
    placed = np.tile([9.0, 0.0], (5, 1))

    assert likeliest_place(placed, np.full(5, 1.5)) is None
    assert likeliest_place(placed[:0], np.zeros(0)) is None
