"""The published preprocessing of LIMU-BERT, to reproduce its numbers; new work is better served by `resample`."""

from __future__ import annotations

import numpy as np

WINDOW_LEN = 120
"""Steps of a published window; a stretch needs more than this many."""


def binned(samples: np.ndarray, start: int, end: int, samples_a_step: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of a stretch's bins, and where each bin starts.

    Args:
        samples: float64 [time, channel], acc in m/s².
        start: first sample of the stretch.
        end: one past its last; as published, the tail goes when it does not fill the next bin and one sample more.
        samples_a_step: 2.5 from 50 to 20 Hz: bins of 2 and 3 samples in turn.

    Returns:
        float64 [step, channel] and int64 [step].

    Source:
        `down_sample` in LIMU-BERT-Public `dataset/uci.py`, bit for bit. Bin means alias: they damp 11 Hz by 4.7 dB.
    """
    starts, lengths = _bins(start, end, samples_a_step)
    shortest = int(samples_a_step)
    sums = np.zeros((len(starts), samples.shape[1]))
    for offset in range(shortest):  # one after the other, as numpy sums the rows of a bin
        sums += samples[starts + offset]
    is_long = lengths > shortest
    sums[is_long] += samples[starts[is_long] + shortest]
    return sums / lengths[:, None], starts


def _bins(start: int, end: int, samples_a_step: float) -> tuple[np.ndarray, np.ndarray]:
    shortest = int(samples_a_step)
    if samples_a_step == shortest:
        starts = np.arange(start, end - shortest, shortest)
        return starts, np.full(len(starts), shortest)
    starts_, lengths_, at, remainder = [], [], start, 0.0
    while at + shortest + 1 < end:
        remainder += samples_a_step - shortest
        is_long = remainder >= 1
        remainder -= is_long
        starts_.append(at)
        lengths_.append(shortest + is_long)
        at += shortest + is_long
    return np.array(starts_, np.int64), np.array(lengths_, np.int64)
