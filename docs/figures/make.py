"""Draw the figures of docs/data.md from examples/walking.csv and examples/mix.csv.

python docs/figures/make.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from llasa_core.data.channels import STANDARD_GRAVITY
from llasa_core.data.facts import _autocorrelation, facts_of
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.data.windows import WindowConfig, windows_of

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
RATE_HZ = 20.0
INK, LINE, MARK, SOFT = "#22252a", "#2a6f97", "#c8553d", "#9aa5b1"


def windows(name: str) -> np.ndarray:
    """Return the windows of an example."""
    (recording,) = read_recordings(EXAMPLES / name, ReadOptions())
    return windows_of(recording, WindowConfig()).windows


def draw_rhythm(window: np.ndarray, file: Path) -> None:
    """Draw how intensity, cadence, symmetry and dominant frequency are measured in one window."""
    facts = facts_of(window[None], RATE_HZ)
    size = np.linalg.norm(window[:, :3].astype(float), axis=1)
    times = np.arange(len(size)) / RATE_HZ
    figure, (of_time, of_lag, of_hz) = plt.subplots(1, 3, figsize=(12, 3.4), layout="constrained")
    of_time.plot(times, size / STANDARD_GRAVITY, color=LINE)
    mean = size.mean() / STANDARD_GRAVITY
    of_time.axhspan(
        mean - facts.intensity_mg[0] / 1000, mean + facts.intensity_mg[0] / 1000, color=MARK, alpha=0.15, lw=0
    )
    of_time.plot(facts.peak_s[0], facts.peak_g[0], "o", color=MARK)
    of_time.annotate(f" {facts.peak_g[0]:.2f} g", (facts.peak_s[0], facts.peak_g[0]), color=MARK, va="bottom")
    of_time.set(title=f"|a|: deviates by {facts.intensity_mg[0]:.0f} mg (band)", xlabel="time (s)", ylabel="|a| (g)")
    correlation = _autocorrelation(size[None])[0]
    lags = np.arange(len(correlation)) / RATE_HZ
    of_lag.plot(lags[:61], correlation[:61], color=LINE)
    step = 60 / facts.cadence_spm[0]
    for nth, name in ((1, "step"), (2, "stride")):
        of_lag.axvline(nth * step, color=MARK, lw=1, ls="--")
        of_lag.text(nth * step, 1.0, f" {name}", color=MARK, va="top")
    of_lag.set(
        title=f"autocorrelation: {facts.cadence_spm[0]:.0f} steps/min, symmetry {facts.symmetry[0]:.2f}",
        xlabel="lag (s)",
    )
    spectrum = np.abs(np.fft.rfft((size - size.mean()) * np.hanning(len(size)), 8 * len(size)))
    hz = np.fft.rfftfreq(8 * len(size), 1 / RATE_HZ)
    of_hz.plot(hz, spectrum, color=LINE)
    of_hz.axvline(facts.dominant_hz[0], color=MARK, lw=1, ls="--")
    of_hz.set(title=f"spectrum: dominant at {facts.dominant_hz[0]:.1f} Hz", xlabel="frequency (Hz)", xlim=(0, 10))
    _tidy(figure, file)


def draw_posture(every: np.ndarray, file: Path) -> None:
    """Draw where gravity points over a recording, with the changes of posture, and the intensity of each window."""
    facts = facts_of(every, RATE_HZ)
    times = np.arange(len(every)) * 3.0 + 3.0
    figure, (of_up, of_size) = plt.subplots(2, 1, figsize=(12, 5), sharex=True, layout="constrained")
    for axis, colour in zip(range(3), (LINE, MARK, "#588157"), strict=True):
        of_up.plot(times, facts.up[:, axis], color=colour, label="xyz"[axis])
    changed = facts.posture_change_deg > 30  # noqa: PLR2004 - as in facts.py
    of_up.plot(times[changed], np.full(changed.sum(), 1.12), "v", color=INK, label="posture changes")
    of_up.set(ylabel="share of gravity on each axis", ylim=(-1.1, 1.25))
    of_up.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    of_size.semilogy(times, facts.intensity_mg, color=LINE)
    for name, least in (("light", 16.7), ("moderate", 91), ("vigorous", 414)):
        of_size.axhline(least, color=SOFT, lw=1, ls="--")
        of_size.text(times[-1] * 1.01, least, name, color=INK, va="bottom")
    of_size.set(xlabel="time in examples/mix.csv (s)", ylabel="intensity (mg)")
    _tidy(figure, file)


def _tidy(figure: plt.Figure, file: Path) -> None:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.title.set_fontsize(10)
    figure.savefig(file, dpi=100, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    draw_rhythm(windows("walking.csv")[1], HERE / "rhythm.png")
    draw_posture(windows("mix.csv"), HERE / "posture.png")
