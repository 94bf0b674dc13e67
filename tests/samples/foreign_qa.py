"""Questions and answers as others publish them: LLaVA-style items about `.npy` windows, and the published mistake."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WINDOW_LEN, RATE_HZ = 120, 20.0
ACTIVITIES = ("walking", "sitting", "jogging", "standing")
Item = dict[str, Any]

_PLACES = ("pocket", "wrist", "belt", "ankle", "backpack", "upper arm")
_ASKED = (
    (
        "What does the accelerometer tell about impacts on the vertical axis?",
        "How strong are the impacts that the accelerometer measures?",
        "Do accelerometer peaks reveal impacts on hard ground?",
    ),
    (
        "How fast does the phone rotate according to the gyroscope?",
        "What rotation does the gyroscope measure about the long axis?",
        "Is the rotation that the gyroscope measures steady?",
    ),
    (
        "How is the device oriented with respect to gravity?",
        "Which orientation of the device can be told from gravity?",
        "Does the orientation relative to gravity change?",
    ),
    (
        "Which everyday task might the wearer be busy with, and why?",
        "What everyday task explains this recording best?",
        "Name the everyday task that the wearer performs.",
    ),
    (
        "How reliable is a conclusion from such a short recording?",
        "Would you call a conclusion from six seconds reliable?",
        "What makes a conclusion from this recording reliable?",
    ),
)
_SAID = (
    "The accelerometer has impacts of {peak} m/s² on its strongest axis, which come at every {step} samples.",
    "The gyroscope has a rotation of at most {turn} rad/s, as if carried in a {place}.",
    "Gravity lies along one axis, so the device keeps its orientation in the {place}.",
    "The wearer is probably {activity}, an everyday task that fits the pattern.",
    "A conclusion from {step} repetitions is only moderately reliable without a longer recording.",
)


def window(nth: int) -> np.ndarray:
    """Return a window [time, channel] in m/s² and rad/s: steps or rest in some posture, no two alike."""
    random = np.random.default_rng(nth)
    time_s = np.arange(WINDOW_LEN) / RATE_HZ
    activity = ACTIVITIES[nth % len(ACTIVITIES)]
    size = {"walking": 2.0, "jogging": 7.5}.get(activity, 0.01)
    samples = 0.02 * random.normal(size=(WINDOW_LEN, 6))
    samples[:, nth % 3] += 9.8 + size * np.sin(2 * np.pi * (1.8 + 0.01 * nth) * time_s)
    samples[:, 3:] += size * np.sin(2 * np.pi * 0.9 * time_s)[:, None] * (0.1, 0.3, 0.2)
    return samples


def pairs(nth: int) -> list[tuple[str, str]]:
    """Return five questions about a window, each with its own answer."""
    samples = window(nth)
    words = {
        "peak": f"{samples[:, :3].max():.1f}",
        "step": 9 + nth % 5,
        "turn": f"{samples[:, 3:].max():.1f}",
        "place": _PLACES[nth % len(_PLACES)],
        "activity": ACTIVITIES[nth % len(ACTIVITIES)],
    }
    asked = [phrasings[(nth + at) % len(phrasings)] for at, phrasings in enumerate(_ASKED)]
    return [(question, said.format(**words)) for question, said in zip(asked, _SAID, strict=True)]


def as_text(said: Sequence[tuple[str, str]]) -> str:
    """Return pairs as a model writes them into one text."""
    return "\n\n".join(f"Q{nth}: {question}\nA{nth}: {answer}" for nth, (question, answer) in enumerate(said, start=1))


def parsed_rightly(text: str) -> list[tuple[str, str]]:
    """Return the pairs of a text."""
    blocks = [block.splitlines() for block in text.split("\n\n")]
    return [(asked.partition(": ")[2], said.partition(": ")[2]) for asked, said in blocks]


def parsed_as_published(text: str) -> list[tuple[str, str]]:
    """Return the pairs of a text with the published mistake: a new question is there before the last pair is kept."""
    found = []
    question, answer = "", ""
    for line in text.splitlines():
        if line.startswith("Q"):
            question = line.partition(": ")[2]
            if answer:
                found.append((question, answer))
            answer = ""
        elif line.startswith("A"):
            answer = line.partition(": ")[2]
    return [*found, (question, answer)]


def item(nth: int, at: int, question: str, answer: str, folder: str = "images/phones") -> Item:
    """Return a LLaVA-style item."""
    return {
        "id": f"{nth}_{at}",
        "image": f"{folder}/sensor_image_{nth}.npy",
        "conversations": [
            {"from": "human", "value": f"<image>\n{question}"},
            {"from": "gpt", "value": answer},
        ],
    }


def items(n_windows: int, *, is_shifted: bool = False) -> list[Item]:
    """Return the items of some windows, as the right parser or the published one makes them."""
    parse = parsed_as_published if is_shifted else parsed_rightly
    return [item(nth, at, *pair) for nth in range(n_windows) for at, pair in enumerate(parse(as_text(pairs(nth))))]


def without_first(right: Sequence[Item]) -> list[Item]:
    """Return the items but the first of each window."""
    return [one for one in right if not one["id"].endswith("_0")]


def said_in(found: Sequence[Item]) -> list[tuple[str, str, str]]:
    """Return window, question and answer of items."""
    return [
        (one["image"], *(turn["value"].removeprefix("<image>\n") for turn in one["conversations"])) for one in found
    ]


def write_windows(folder: Path, n_windows: int, *, below: str = "images/phones", divided_by: float = 9.8) -> None:
    """Write windows as the published ones are: acceleration divided by 9.8."""
    (folder / below).mkdir(parents=True)
    for nth in range(n_windows):
        samples = window(nth)
        samples[:, :3] /= divided_by
        np.save(folder / below / f"sensor_image_{nth}.npy", samples)


def write_items(path: Path, found: Sequence[Item]) -> Path:
    """Write items as the published file has them: one array on one line."""
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def readings_text(samples: np.ndarray, n_readings: int = 60) -> str:
    """Return the readings of a window at 10 Hz, as the published texts have them."""
    at = np.linspace(0, len(samples) - 1, n_readings).round().astype(int)
    gyroscope, accelerometer = (samples[at][:, part].round(6).tolist() for part in (slice(3, 6), slice(0, 3)))
    return f"Gyroscope: {gyroscope}Accelerometer: {accelerometer}"
