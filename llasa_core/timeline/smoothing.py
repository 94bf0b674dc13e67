"""A hidden Markov chain over windows: exact Viterbi and forward-backward, in the log domain."""

from __future__ import annotations

import numpy as np


def log_transitions(step_s: np.ndarray, n_states: int, segment_s: float) -> np.ndarray:
    """Return log-probabilities of going from one state to another, float64 [step, from, to].

    A stay is exponentially long, `segment_s` in the mean; whoever leaves goes to each other state alike.

    Args:
        step_s: [step], the times from one window to the next.
        n_states: how many states there are.
        segment_s: expected length of a stay.
    """
    stay = np.exp(-np.asarray(step_s, np.float64) / segment_s)
    if n_states == 1:
        return np.zeros((len(stay), 1, 1))
    with np.errstate(divide="ignore"):
        leave = np.log1p(-stay) - np.log(n_states - 1)
    result = np.repeat(leave, n_states * n_states).reshape(len(stay), n_states, n_states)
    result[:, np.arange(n_states), np.arange(n_states)] = (-np.asarray(step_s, np.float64) / segment_s)[:, None]
    return result


def viterbi(evidence: np.ndarray, transitions: np.ndarray) -> np.ndarray:
    """Return the likeliest sequence of states, int64 [time]; all states are alike at the start.

    Args:
        evidence: log-likelihood of what was seen in each state, [time, state].
        transitions: from `log_transitions`, [time - 1, from, to].

    Source:
        Viterbi, Error Bounds for Convolutional Codes (1967). Of equals the first state is taken.
    """
    n = len(evidence)
    path = np.zeros(n, np.int64)
    if not n:
        return path
    came_from = np.empty(evidence.shape, np.int64)
    score = evidence[0]
    for time in range(1, n):
        reached = score[:, None] + transitions[time - 1]  # [from, to]
        came_from[time] = reached.argmax(axis=0)
        score = reached.max(axis=0) + evidence[time]
    path[-1] = score.argmax()
    for time in range(n - 1, 0, -1):
        path[time - 1] = came_from[time, path[time]]
    return path


def posteriors(evidence: np.ndarray, transitions: np.ndarray) -> np.ndarray:
    """Return how likely each state is at each time given everything that was seen, float64 [time, state].

    Args:
        evidence: as `viterbi` takes it.
        transitions: likewise.

    Source:
        Forward-backward (Rabiner, A Tutorial on Hidden Markov Models, 1989, III.A), with logarithms for its scaling.
    """
    n = len(evidence)
    forward, backward = np.array(evidence, np.float64), np.zeros(evidence.shape)
    for time in range(1, n):
        forward[time] += _log_sum(forward[time - 1][:, None] + transitions[time - 1], axis=0)
    for time in range(n - 2, -1, -1):
        backward[time] = _log_sum(transitions[time] + (evidence[time + 1] + backward[time + 1])[None], axis=1)
    both = forward + backward
    return np.asarray(np.exp(both - _log_sum(both, axis=1)[:, None]))


def _log_sum(values: np.ndarray, axis: int) -> np.ndarray:
    most = values.max(axis=axis, keepdims=True)
    return np.asarray(np.log(np.exp(values - most).sum(axis=axis)) + most.squeeze(axis))
