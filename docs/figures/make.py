"""Draw the figures of docs/data.md from examples/walking.csv and examples/mix.csv.

python docs/figures/make.py
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from llasa_core.data.channels import STANDARD_GRAVITY
from llasa_core.data.facts import _autocorrelation, facts_of
from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.data.qa import KINDS, read_qa
from llasa_core.data.read_options import LabelFile, ReadOptions
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


def draw_channels(window: np.ndarray, file: Path) -> None:
    """Draw the statistics of a channel, the halves, the turning and the heading of one window."""
    facts = facts_of(window[None], RATE_HZ)
    times = np.arange(len(window)) / RATE_HZ
    figure, (of_acc, of_half, of_turn, of_heading) = plt.subplots(1, 4, figsize=(15, 3.4), layout="constrained")
    mean, std = facts.mean[0, 0], facts.std[0, 0]
    of_acc.plot(times, window[:, 0], color=LINE)
    of_acc.axhspan(mean - std, mean + std, color=MARK, alpha=0.15, lw=0)
    for value, name in ((mean, "mean"), (facts.low[0, 0], "low"), (facts.high[0, 0], "high")):
        of_acc.axhline(value, color=MARK, lw=1, ls="--")
        of_acc.text(times[-1], value, f" {name}", color=MARK, va="center")
    of_acc.set(title=f"acc_x: {mean:.1f} m/s², std {std:.1f}", xlabel="time (s)", ylabel="acc_x (m/s²)")
    size = np.linalg.norm(window[:, :3].astype(float), axis=1) / STANDARD_GRAVITY
    of_half.plot(times, size, color=LINE)
    halves = (facts.first_half_mg[0], facts.second_half_mg[0])
    for part, span, mg in zip(np.split(size, 2), ((0, 3), (3, 6)), halves, strict=True):
        of_half.fill_between(span, part.mean() - mg / 1000, part.mean() + mg / 1000, color=MARK, alpha=0.25, lw=0)
    of_half.axvline(3, color=SOFT, lw=1)
    of_half.set(title=f"halves: {halves[0]:.0f} and {halves[1]:.0f} mg", xlabel="time (s)", ylabel="|a| (g)")
    turning = np.degrees(np.linalg.norm(window[:, 3:].astype(float), axis=1))
    of_turn.plot(times, turning, color=LINE)
    of_turn.axhline(facts.turning_dps[0], color=MARK, lw=1, ls="--")
    of_turn.plot(times[turning.argmax()], facts.peak_turning_dps[0], "o", color=MARK)
    means = f"{facts.turning_dps[0]:.0f} deg/s, peak {facts.peak_turning_dps[0]:.0f}"
    of_turn.set(title=f"|w|: mean {means}", xlabel="time (s)", ylabel="|w| (deg/s)")
    heading = np.degrees(np.cumsum(window[:, 3:].astype(float) @ facts.up[0])) / RATE_HZ
    of_heading.plot(times, heading, color=LINE)
    of_heading.plot(times[-1], facts.heading_deg[0], "o", color=MARK)
    of_heading.set(title=f"heading: {facts.heading_deg[0]:.1f} deg", xlabel="time (s)", ylabel="turned so far (deg)")
    _tidy(figure, file)


def draw_kinds(first: int, file: Path) -> None:
    """Draw |a| of four windows in a row of examples/mix.csv, and below them one item of each kind about the first."""
    with TemporaryDirectory() as folder:
        reading = ReadOptions(labels=LabelFile.of(EXAMPLES / "mix-labels.csv"))
        prepare([EXAMPLES / "mix.csv"], Path(folder) / "data", PrepareSettings(reading=reading))
        items = read_qa(Path(folder) / "data" / "qa-test.json")
        with h5py.File(Path(folder) / "data" / "windows-00000.h5") as shard:
            windows_shown = shard["samples"][first : first + 4]
    figure, (above, below) = plt.subplots(2, 1, figsize=(12, 5.5), height_ratios=(1, 1.6), layout="constrained")
    for nth, window in enumerate(windows_shown):
        size = np.linalg.norm(window[:, :3].astype(float), axis=1) / STANDARD_GRAVITY
        above.plot(6.5 * nth + np.arange(len(size)) / RATE_HZ, size, color=LINE)
        above.text(6.5 * nth + 3, 1.85, f"window {nth + 1}", color=INK, ha="center")
    above.set(ylabel="|a| (g)", xlabel="6 s each", xticks=[], ylim=(0.4, 2))
    below.axis("off")
    of_kind = {item.kind: item for item in items if item.windows[0].row == first}
    for nth, kind in enumerate(KINDS):
        item, y = of_kind[kind], 1 - (nth + 0.5) / len(KINDS)
        asked = item.conversations[0].text.splitlines()[-1]
        below.text(0.0, y, f"{kind} ({len(item.windows)})", color=MARK, va="center", transform=below.transAxes)
        said = f"{asked}\n{item.conversations[1].text}"
        below.text(0.13, y, said, color=INK, size=9, va="center", transform=below.transAxes)
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
    draw_channels(windows("walking.csv")[1], HERE / "channels.png")
    draw_kinds(25, HERE / "kinds.png")
