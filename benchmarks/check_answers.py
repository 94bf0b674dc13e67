"""Read answers in a data folder as a person would, and check what they say against the stored signal.

    python benchmarks/check_answers.py DATA [--items 1000] [--seed 0]

It shares no code with the generator: it reads the text of the questions and answers, the HDF5 shards, and measures for
itself with NumPy. Prints one JSON object: how many statements were read, how many are right, by kind, and those that
are wrong or that it cannot read.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import h5py
import numpy as np

G = 9.80665
NUMBER = r"(-?\d+(?:\.\d+)?)"
CHANNEL = r"(acceleration on|angular rate about) the ([xyz]) axis"
DOING = {"lying down": "lying"}


class Window:
    """One stored window, measured by this file's own means."""

    def __init__(self, samples: np.ndarray, rate_hz: float, activity: str | None) -> None:
        self.rate_hz, self.activity = rate_hz, activity
        self.acc, self.gyr = samples[:, :3].astype(float), samples[:, 3:].astype(float)
        self.size = np.sqrt((self.acc**2).sum(axis=1))
        self.turn = np.rad2deg(np.sqrt((self.gyr**2).sum(axis=1)))
        self.up = self.acc.mean(axis=0) / np.sqrt((self.acc.mean(axis=0) ** 2).sum())

    def deviation_mg(self, part: slice = slice(None)) -> float:
        """Mean amplitude deviation."""
        size = self.size[part]
        return float(np.mean(np.abs(size - size.mean())) / G * 1000)

    @property
    def moves(self) -> bool:
        """Whether there is some movement."""
        return self.deviation_mg() >= 16.7

    @property
    def intensity(self) -> str:
        """The word for it."""
        value = self.deviation_mg()
        return "vigorous" if value >= 414 else "moderate" if value >= 91 else "light" if value >= 16.7 else "still"

    @property
    def upright(self) -> tuple[str, str] | None:
        """Which axis points up or down, if one does."""
        axis = int(np.abs(self.up).argmax())
        angle = np.rad2deg(np.arccos(min(1.0, abs(self.up[axis]))))
        return ("xyz"[axis], "up" if self.up[axis] > 0 else "down") if angle <= 30 else None

    @property
    def peak_correlation(self) -> float:
        """The autocorrelation at the shortest lag from 0.25 to 2 s where it is about as high as it gets."""
        values = self.correlation()
        first, last = int(np.ceil(0.25 * self.rate_hz)), int(2.0 * self.rate_hz)
        peaks = [values[k] for k in range(first, last + 1) if values[k - 1] <= values[k] > values[k + 1]]
        return max(0.0, next((p for p in peaks if p >= 0.85 * max(peaks)), 0.0)) if peaks else 0.0

    @property
    def steps(self) -> bool:
        """Whether there is a rhythm that may be one of steps."""
        gait = self.activity in {None, "walking", "climbing stairs", "descending stairs", "jogging"}
        return gait and self.moves and self.peak_correlation >= 0.3999 and 60 <= self.cadence <= 240

    def correlation(self) -> np.ndarray:
        """Unbiased autocorrelation by lag."""
        x = self.size - self.size.mean()
        n = len(x)
        return np.array([(x[: n - k] * x[k:]).sum() / (n - k) for k in range(n - 1)]) / (x**2).mean()

    def rhythm(self) -> tuple[int, int, bool]:
        """Lag of the period, lag of a step, and whether the period is two steps."""
        values = self.correlation()
        first, last = int(np.ceil(0.25 * self.rate_hz)), int(2.0 * self.rate_hz)
        peaks = [k for k in range(first, last + 1) if values[k - 1] <= values[k] > values[k + 1]]
        period = next(k for k in peaks if values[k] >= 0.85 * max(values[j] for j in peaks))
        half = max(range(max(1, period // 2 - 1), period // 2 + 2), key=lambda k: values[k])
        is_peak = values[half - 1] <= values[half] >= values[half + 1]
        two_steps = period > self.rate_hz or bool(
            is_peak and half >= first and half < period - 1 and values[half] > 0.4 * values[period]
        )
        return period, half if two_steps else period, two_steps

    @property
    def cadence(self) -> float:
        """Steps a minute, from the top of the parabola through the period."""
        period, _, two_steps = self.rhythm()
        before, here, after = self.correlation()[period - 1 : period + 2]
        lag = period + np.clip((before - after) / (2 * (before - 2 * here + after)), -0.5, 0.5)
        return float((120 if two_steps else 60) * self.rate_hz / lag)

    @property
    def symmetry(self) -> float:
        """Correlation at one step over that at two, the smaller over the larger."""
        values = self.correlation()
        period, step, two_steps = self.rhythm()
        stride = period if two_steps else max(range(2 * period - 2, 2 * period + 3), key=lambda k: values[k])
        one, two = (self.top(values, k) for k in (step, stride))
        return min(1.0, max(0.0, min(one, two) / max(one, two)))

    @staticmethod
    def top(values: np.ndarray, at: int) -> float:
        """The top of the parabola through three values."""
        before, here, after = values[at - 1 : at + 2]
        bend = before - 2 * here + after
        by = np.clip((before - after) / (2 * bend), -0.5, 0.5) if bend < 0 else 0.0
        return float(here - (before - after) * by / 4)

    @property
    def posture_change_deg(self) -> float:
        """Angle of gravity between first and last second."""
        second = round(self.rate_hz)
        a, b = self.acc[:second].mean(axis=0), self.acc[-second:].mean(axis=0)
        return float(np.rad2deg(np.arccos(np.clip(a @ b / np.sqrt((a @ a) * (b @ b)), -1, 1))))

    def channel(self, kind: str, axis: str) -> np.ndarray:
        """Values of one channel."""
        return (self.acc if kind.startswith("acc") else self.gyr)[:, "xyz".index(axis)]

    def spectrum_peak_is(self, hz: float) -> bool:
        """Whether the spectrum is highest near a frequency."""
        x = (self.size - self.size.mean()) * np.hanning(len(self.size))
        f = np.fft.rfftfreq(len(x) * 4, 1 / self.rate_hz)
        p = np.abs(np.fft.rfft(x, len(x) * 4))
        inside = (f >= 0.28) & (f <= 8.05)
        near = inside & (np.abs(f - hz) <= 0.11)
        return bool(near.any() and p[near].max() >= 0.98 * p[inside].max())


def close(said: str, true: float, share: float = 0.005) -> bool:
    """Return whether a number is right to its last digit, or to half a percent."""
    digits = len(said.partition(".")[2])
    return abs(float(said) - true) <= 0.5001 * 10.0**-digits + share * abs(true) * 0.01 + 1e-6


def is_cadence(window: Window, spoken_spm: float) -> bool:
    """Return whether the motion has steps, and so many a minute."""
    return window.steps and abs(spoken_spm - window.cadence) <= 0.55


def clearly_more(values: list[float]) -> int | None:
    """Return which value stands out, if one does."""
    order = np.argsort(values)
    top, next_one = (max(values[i], 16.7) for i in (order[-1], order[-2]))
    return int(order[-1]) if top >= 1.2 * next_one * 0.9999 else None


def strongest(signal: np.ndarray) -> str | None:
    """Return the axis that varies clearly most."""
    std = signal.std(axis=0)
    order = np.argsort(std)
    return "xyz"[order[-1]] if std[order[-1]] >= 1.2 * std[order[-2]] * 0.99999 else None


def checks(question: str, answer: str, windows: list[Window]) -> list[tuple[str, bool]]:
    """Return each statement in an answer, and whether it is right."""
    found: list[tuple[str, bool]] = []
    if len(windows) > 1:
        return of_several(question, answer, windows)
    window = windows[0]

    def say(what: str, *, right: bool) -> None:
        found.append((what, bool(right)))

    of_activity(question, answer, window, say)
    of_movement(question, answer, window, say)
    of_posture(question, answer, window, say)
    of_numbers(question, answer, window, say)
    return found


def of_activity(question: str, answer: str, window: Window, say: Any) -> None:
    """Check what an answer says of the activity."""
    asked = re.search(r"(?:person|sensor|someone) (?:is )?(doing )?([a-z ]+?)(?: while| ?\?)", question)
    if (
        re.match(r"(Yes|No)[.,]", answer)
        and re.match(r"(Is|Was|Does|Would).*(person|wearer|someone)", question)
        and asked
        and asked[2] != "doing"
    ):
        name = DOING.get(asked[2].strip(), asked[2].strip())
        say("yes or no", right=answer.startswith("Yes") == (name == window.activity))
        if other := re.match(r"No, ([a-z ]+)\.$", answer):
            say("activity", right=other[1] == window.activity)
        return
    for pattern in (
        r"^(?:A|It shows a|This recording shows a|The sensor recorded a) person ([a-z ]+?)[.:]",
        r"(?:So the|^The) person is (?:in motion, |staying in place, )?([a-z ]+?)\.$",
        r"^A person (?:in motion|staying in place), ([a-z ]+)\.",
    ):
        if match := re.search(pattern, answer):
            say("activity", right=DOING.get(match[1], match[1]) == window.activity)
            return
    if match := re.match(r"([A-Z][a-z ]+?)(?:\.$|: )", answer):
        name = DOING.get(match[1].lower(), match[1].lower())
        if name in KNOWN:
            say("activity", right=name == window.activity)


KNOWN = {
    "walking", "climbing stairs", "descending stairs", "sitting", "standing", "lying", "jogging", "biking",
}  # fmt: skip


def of_movement(question: str, answer: str, window: Window, say: Any) -> None:
    """Check what an answer says of movement and rhythm."""
    low = answer.lower()
    if re.search(r"^moving\.|it moves", low):
        say("moves", right=window.moves)
    if re.search(r"at rest|hardly any movement", low):
        say("rests", right=not window.moves)
    for word in ("still", "light", "moderate", "vigorous"):
        if re.search(rf"(^|, ){word}([.,]|, )", low) or re.search(rf"{word} movement without", low):
            say("intensity", right=window.intensity == word)
    if re.search(r"no steady rhythm|without a steady rhythm", low) or (
        "rhythm" in question.lower() and answer.startswith("No")
    ):
        say("no rhythm", right=not window.moves or window.peak_correlation < 0.4001)
    if "not one of steps" in low or "no steps can be told" in low:
        say("no steps", right=not window.steps)
    if ("rhythmic" in question or "rhythm?" in question) and answer.startswith("Yes"):
        say("rhythm", right=window.moves and window.peak_correlation >= 0.3999)
    if match := re.search(r"about (\d+) steps a minute", low):
        say("cadence", right=is_cadence(window, float(match[1])))
    if match := re.search(rf"autocorrelation peaks at {NUMBER}", answer):
        say("periodicity", right=abs(float(match[1]) - min(1, max(0, window.peak_correlation))) <= 0.006)
    if match := re.search(rf"symmetry is {NUMBER}", answer):
        say("symmetry", right=abs(float(match[1]) - window.symmetry) <= 0.03)
    if match := re.search(rf"(?:strongest at |^){NUMBER} Hz", answer):
        say("frequency", right=window.spectrum_peak_is(float(match[1])))
    for match in re.finditer(rf"{NUMBER} mg(?! in the)", answer):
        say("deviation", right=close(match[1], window.deviation_mg()))
    if match := re.search(rf"{NUMBER} mg in the first half, {NUMBER} mg in the second", answer):
        half = len(window.size) // 2
        say("first half", right=close(match[1], window.deviation_mg(slice(half))))
        say("second half", right=close(match[2], window.deviation_mg(slice(half, None))))
    if match := re.match(r"It (grows|fades|stays much the same)", answer):
        half = len(window.size) // 2
        more = clearly_more([window.deviation_mg(slice(half)), window.deviation_mg(slice(half, None))])
        say("trend", right={"grows": 1, "fades": 0}.get(match[1]) == more)


def of_posture(question: str, answer: str, window: Window, say: Any) -> None:
    """Check what an answer says of posture and axes."""
    if match := re.search(r"([xyz]) axis,? (?:pointing|points) (up|down)", answer):
        say("upright", right=window.upright == (match[1], match[2]))
    if "tilted" in answer:
        say("tilted", right=window.upright is None)
    if match := re.search(r"gravity turn(?:s|ing) by (\d+) degrees", answer):
        say("posture change", right=close(match[1], window.posture_change_deg))
    if re.search(r"posture|direction of gravity change", question) and re.match(r"(Yes|No)[.,]", answer):
        say("changes posture", right=answer.startswith("Yes") == (window.posture_change_deg > 30))
    if match := re.match(r"(?:The ([xyz]) axis|None stands out)\.$", answer):
        signal = window.gyr if re.search(r"angular|gyroscope|rock", question) else window.acc
        say("strongest axis", right=strongest(signal) == match[1])


def of_numbers(question: str, answer: str, window: Window, say: Any) -> None:
    """Check the other numbers in an answer."""
    if match := re.search(rf"{NUMBER} degrees a second", answer):
        at_most = re.search(r"at most|peak|fastest", question)
        say("turning", right=close(match[1], window.turn.max() if at_most else window.turn.mean()))
    if re.search(r"about the vertical|heading|from above", question):
        true = float(np.rad2deg((window.gyr @ window.up).sum() / window.rate_hz))
        if match := re.match(r"By (\d+) degrees to the (left|right)", answer):
            say("heading", right=close(match[1], abs(true)) and (true > 0) == (match[2] == "left"))
        else:
            say("heading", right=abs(true) <= 0.51)
    if match := re.match(rf"{NUMBER} g[.,]", answer):
        say("peak", right=close(match[1], window.size.max() / G))
    if match := re.search(rf"{NUMBER} s after the start", answer):
        near = round(float(match[1]) * window.rate_hz)
        around = window.size[max(0, near - 1) : near + 2]
        say("when", right=len(around) > 0 and around.max() >= window.size.max() - 1e-6)
    if match := re.search(rf"it measures {NUMBER} m/s² on average", answer):
        axis = re.search(r"The ([xyz]) axis", answer)
        say("mean", right=axis is not None and close(match[1], window.channel("acc", axis[1]).mean()))
    of_channel(question, answer, window, say)


def of_channel(question: str, answer: str, window: Window, say: Any) -> None:
    """Check a statistic of the channel that the question names."""
    named = re.search(CHANNEL, question)
    if named is None:
        return
    values = window.channel("acc" if named[1].startswith("acc") else "gyr", named[2])
    if match := re.match(rf"From {NUMBER} to {NUMBER} ", answer):
        say("lowest", right=close(match[1], values.min()))
        say("highest", right=close(match[2], values.max()))
        return
    match = re.match(rf"{NUMBER} (m/s²|rad/s)\.", answer)
    if match is None:
        return
    unit_is_right = (match[2] == "m/s²") == named[1].startswith("acc")
    for words, value in (
        (r"standard deviation|vary", values.std()),
        (r"smallest|minimum|low", values.min()),
        (r"largest|maximum|high", values.max()),
        (r"mean|average", values.mean()),
    ):
        if re.search(words, question):
            say("statistic", right=unit_is_right and close(match[1], value))
            return


def of_several(question: str, answer: str, windows: list[Window]) -> list[tuple[str, bool]]:
    """Check an answer about two windows, or about several in a row."""
    found: list[tuple[str, bool]] = []

    def say(what: str, *, right: bool) -> None:
        found.append((what, bool(right)))

    sizes = [window.deviation_mg() for window in windows]
    if match := re.match(rf"The (first|second): {NUMBER} mg against {NUMBER} mg", answer):
        which = ("first", "second").index(match[1])
        say("more vigorous", right=clearly_more(sizes) == which)
        say("deviation", right=close(match[2], sizes[which]) and close(match[3], sizes[1 - which]))
    if match := re.match(rf"They are alike: {NUMBER} mg and {NUMBER} mg", answer):
        say("alike", right=clearly_more(sizes) is None)
        say("deviation", right=close(match[1], sizes[0]) and close(match[2], sizes[1]))
    if match := re.search(r"differs by (\d+) degrees", answer):
        angle = float(np.rad2deg(np.arccos(np.clip(windows[0].up @ windows[1].up, -1, 1))))
        say("angle", right=close(match[1], angle))
        say("same posture", right=answer.startswith("Yes") == (angle < 30))
    if answer.startswith("Neither has"):
        say("no steps", right=not any(w.steps and w.peak_correlation > 0.4001 for w in windows))
    if match := re.match(r"Only the (first|second) has a steady rhythm of steps, about (\d+)", answer):
        which = ("first", "second").index(match[1])
        one, other = windows[which], windows[1 - which]
        say("cadence", right=is_cadence(one, float(match[2])))
        say("no steps", right=not other.steps or other.peak_correlation < 0.4001)
    if match := re.match(r"(?:In the (first|second)|They are alike): about (\d+) steps a minute against (\d+)", answer):
        which = ("first", "second").index(match[1])
        pair = (windows[which], windows[1 - which])
        for window, spoken in zip(pair, match.groups()[1:], strict=True):
            say("cadence", right=is_cadence(window, float(spoken)))
        say("faster", right=float(match[2]) > float(match[3]))
    if match := re.match(r"They are alike: about (\d+) and (\d+) steps", answer):
        for window, spoken in zip(windows, match.groups(), strict=True):
            say("cadence", right=is_cadence(window, float(spoken)))
    if match := re.match(r"The same in both: ([a-z ]+)\.", answer):
        say("activities", right={w.activity for w in windows} == {match[1]})
    if match := re.match(r"Different things: ([a-z ]+) in the first, ([a-z ]+) in the second", answer):
        say("activities", right=[w.activity for w in windows] == [match[1], match[2]])
    if match := re.match(rf"Part (\d), with {NUMBER} mg", answer):
        say("most vigorous", right=clearly_more(sizes) == int(match[1]) - 1)
        say("deviation", right=close(match[2], max(sizes)))
    if answer.startswith("None stands out"):
        say("alike", right=clearly_more(sizes) is None)
    order: list[str] = []
    for match in re.finditer(r"([A-Za-z ]+?) in parts? (\d)(?: (and|to) (\d))?", answer):
        name = match[1].strip().removeprefix("then ").strip().lower()
        order += [name] * (int(match[4] or match[2]) - int(match[2]) + 1)
    if order:
        say("order", right=order == [w.activity for w in windows])
    del question
    return found


def load(data: Path, reference: dict[str, Any], cache: dict[str, h5py.File], names: list[str]) -> Window:
    """Read one window from its shard."""
    file = cache.setdefault(reference["file"], h5py.File(data / reference["file"], "r"))
    row = reference["row"]
    code = int(file["activity"][row])
    return Window(file["samples"][row], float(file.attrs["sampling_rate_hz"]), names[code] if code >= 0 else None)


def check(data: Path, n_items: int, seed: int) -> dict[str, Any]:
    """Check a random choice of items; return the counts."""
    items: list[dict[str, Any]] = []
    for file in sorted(data.glob("qa-*.json")):
        items += json.loads(file.read_text(encoding="utf-8"))
    chosen = np.random.default_rng(seed).permutation(len(items))[:n_items]
    names = json.loads((data / "manifest.json").read_text(encoding="utf-8"))["activities"]
    KNOWN.update(names)
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    unread, examples = [], []
    cache: dict[str, h5py.File] = {}
    for item in (items[at] for at in chosen):
        windows = [load(data, reference, cache, names) for reference in item["windows"]]
        talk = [turn["value"] for turn in item["conversations"]]
        for question, answer in zip(talk[::2], talk[1::2], strict=True):
            if item["kind"] == "unanswerable":
                continue
            plain = re.sub(r"(?:[A-Z][a-z]+ (?:recording|\d+): )?<sensor>\n", "", question)
            statements = checks(plain, answer, windows)
            if not statements:
                unread.append(f"{question} -> {answer}")
            for what, is_right in statements:
                (right if is_right else wrong)[what] += 1
                if not is_right:
                    examples.append(f"{item['id']}: {what}: {question} -> {answer}")
    n_right, n_wrong = right.total(), wrong.total()
    return {
        "items": len(chosen),
        "statements": n_right + n_wrong,
        "share_right": round(n_right / max(1, n_right + n_wrong), 5),
        "right": dict(right.most_common()),
        "wrong": dict(wrong.most_common()),
        "examples": examples[:20],
        "unread": unread[:20],
        "n_unread": len(unread),
    }


def main() -> None:
    """Print what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    print(json.dumps(check(asked.data, asked.items, asked.seed), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
