from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from llasa_core.timeline.smoothing import log_transitions, posteriors, viterbi


def chain(n: int, n_states: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, n_states)), log_transitions(rng.uniform(1, 9, n - 1), n_states, 6.0)


def score(path: tuple[int, ...], evidence: np.ndarray, transitions: np.ndarray) -> float:
    steps = sum(transitions[t, a, b] for t, (a, b) in enumerate(pairwise(path)))
    return float(steps + sum(evidence[t, state] for t, state in enumerate(path)))


@pytest.mark.parametrize("seed", range(4))
def test_the_path_and_the_probabilities_are_those_of_trying_every_path(seed: int):
    evidence, transitions = chain(6, 3, seed)
    paths = list(product(range(3), repeat=6))
    scores = np.array([score(path, evidence, transitions) for path in paths])
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    expected = [[weights[[path[t] == s for path in paths]].sum() for s in range(3)] for t in range(6)]

    assert tuple(viterbi(evidence, transitions)) == paths[int(scores.argmax())]
    np.testing.assert_allclose(posteriors(evidence, transitions), expected, atol=1e-12)


def test_transitions_sum_to_one_and_grow_likelier_with_time():
    transitions = log_transitions(np.array([3.0, 30.0]), 4, 20.0)

    np.testing.assert_allclose(np.exp(transitions).sum(axis=2), 1)
    assert np.exp(transitions[0, 0, 0]) == pytest.approx(np.exp(-0.15))
    assert transitions[1, 0, 1] > transitions[0, 0, 1]


def test_one_odd_window_is_smoothed_over_and_a_long_run_is_not():
    sure = np.log([0.99, 0.01])
    evidence = np.array([sure] * 5 + [sure[::-1]] + [sure] * 5 + [sure[::-1]] * 5)

    assert viterbi(evidence, log_transitions(np.full(15, 3.0), 2, 60.0)).tolist() == [0] * 11 + [1] * 5


def test_nothing_one_window_and_one_state_are_chains_too():
    assert viterbi(np.empty((0, 2)), np.empty((0, 2, 2))).tolist() == []
    assert viterbi(np.log([[0.2, 0.8]]), np.empty((0, 2, 2))).tolist() == [1]
    assert posteriors(np.zeros((3, 1)), log_transitions(np.ones(2), 1, 5.0)).tolist() == [[1.0]] * 3


def test_a_day_of_windows_does_not_underflow():
    evidence, transitions = chain(5000, 7, 1)

    assert np.isfinite(posteriors(50 * evidence, transitions)).all()
