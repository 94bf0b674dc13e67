"""Which samples LIMU-BERT has to reconstruct."""

from __future__ import annotations

import numpy as np

SPAN_P = 0.2
"""Of the geometric distribution of span lengths; LIMU-BERT's `mask_config`."""


def masked_positions(window_len: int, masked_fraction: float) -> int:
    """Return how many positions of each window are masked."""
    return max(1, round(masked_fraction * window_len))


def mask_spans(
    rng: np.random.Generator, n_windows: int, window_len: int, masked_fraction: float, max_span: int
) -> np.ndarray:
    """Draw masks made of spans.

    Spans begin anywhere, have lengths 1 to `max_span` with geometrically falling probability, may touch and overlap,
    and are laid until the wanted number of positions is masked; the last span is cut short to meet it exactly.

    Args:
        rng: where the choices come from.
        n_windows: masks to draw.
        window_len: positions of a window.
        masked_fraction: share of the positions, rounded.
        max_span: longest span.

    Returns:
        bool `[window, position]`, the same number of True in each row.

    Source:
        LIMU-BERT-Public/utils.py `Preprocess4Mask` (which never masks the last position; here it can be).
    """
    n_masked = masked_positions(window_len, masked_fraction)
    lengths = np.arange(1, max_span + 1)
    weights = SPAN_P * (1 - SPAN_P) ** (lengths - 1)
    # enough spans for any window: each masks at least one new position once those that overlap are thrown away
    n_spans = 4 * n_masked
    starts = rng.integers(0, window_len, (n_windows, n_spans))
    spans = rng.choice(lengths, (n_windows, n_spans), p=weights / weights.sum())
    is_masked = np.zeros((n_windows, window_len), dtype=bool)
    for row in range(n_windows):
        left = n_masked
        for start, span in zip(starts[row].tolist(), spans[row].tolist(), strict=True):
            fresh = [i for i in range(start, min(start + span, window_len)) if not is_masked[row, i]][:left]
            is_masked[row, fresh] = True
            left -= len(fresh)
            if left == 0:
                break
        is_masked[row, np.flatnonzero(~is_masked[row])[:left]] = True
    return is_masked
