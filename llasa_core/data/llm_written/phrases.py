"""Words that state a fact, and words that no fact backs."""

from __future__ import annotations

import re
from typing import NamedTuple


def words(*texts: str) -> re.Pattern[str]:
    """Return a pattern for any of several whole words, in either case."""
    return re.compile(rf"\b(?:{'|'.join(texts)})\b", re.IGNORECASE)


class Phrase(NamedTuple):
    """Words that say something of a fact."""

    fact: str
    value: str | bool
    pattern: re.Pattern[str]


_KIND = r"(?:steady|regular|clear|strong|consistent|stable|even|repeating|periodic)"
_POSTURE = r"(?:posture|orientation)(?: of the device)?"
PHRASES = (
    Phrase(
        "moving",
        False,  # noqa: FBT003 - what the words say
        words(
            "at rest",
            "stationary",
            "motionless",
            "immobile",
            "resting",
            r"(?:remains|stays|keeps|holds|lies|perfectly|completely) still",
            r"(?:hardly|barely) (?:any (?:movement|motion)|mov(?:es|ing))",
            r"(?:no|little|minimal|negligible) (?:\w+ )?(?:movement|motion)",
            "not (?:moving|in motion)",
            "does not move",
        ),
    ),
    Phrase("moving", True, words("in motion", "is moving", "keeps moving", "being moved")),  # noqa: FBT003 - as above
    Phrase(
        "rhythmic",
        True,  # noqa: FBT003 - as above
        words(
            rf"(?:{_KIND} )+(?:rhythm|pattern|cadence|beat)",
            r"rhythmic(?:ally)?",
            r"periodic(?:ally)?",
            "repetitive",
            "repeats",
        ),
    ),
    Phrase("rhythmic", False, words("irregular", "aperiodic", r"no (?:\w+ )?rhythm")),  # noqa: FBT003 - as above
    Phrase("intensity", "light", words("light(?:ly)?", "gentle", "gently", "low[- ]intensity", "mild(?:ly)?")),
    Phrase("intensity", "moderate", words("moderate(?:ly)?", "medium")),
    Phrase("intensity", "vigorous", words("vigorous(?:ly)?", "intense(?:ly)?", "high[- ]intensity", "strenuous")),
    Phrase("intensity", "still", words("still intensity", "intensity (?:is|of) still")),
    Phrase(
        "trend",
        "grows",
        words("grows?", "growing", r"intensif\w+", "(?:gets?|becomes?) stronger", "builds? up", r"increas\w+"),
    ),
    Phrase(
        "trend",
        "fades",
        words("fades?", "fading", r"weaken\w*", "(?:calms|dies) down", r"decreas\w+", r"declin\w+", r"diminish\w*"),
    ),
    Phrase("trend", "steady", words("(?:stays|remains) (?:much the same|constant|unchanged)")),
    Phrase(
        "changes_posture",
        True,  # noqa: FBT003 - as above
        words(rf"{_POSTURE} (?:changes|shifts)", "change (?:of|in) (?:posture|orientation)"),
    ),
    Phrase(
        "changes_posture",
        False,  # noqa: FBT003 - as above
        words(
            rf"{_POSTURE} (?:does not change|(?:stays|remains|is) (?:the same|unchanged|constant|stable|steady))",
        ),
    ),
)
"""What words state; where two overlap, the first one counts."""

DENIED = re.compile(
    r"(?:\b(?:not|no|never|without|lacks?|neither|nor|absence of|hardly|barely)\b|n't\b)(?:\W+\w+){0,3}\W*$",
    re.IGNORECASE,
)
"""Ends before words that are thereby denied."""

SIDES = {
    "left": words("to the left", "anti-?clockwise", "counter-?clockwise", "leftwards?"),
    "right": re.compile(r"\bto the right\b|(?<![\w-])clockwise\b|\brightwards?\b", re.IGNORECASE),
}

UPRIGHT = words(
    "upright", r"vertical(?:ly)?", "gravity", "(?:points|pointing|pointed|faces|facing) (?:up|down)(?:wards?)?"
)
UP, DOWN = words("up", "upwards?"), words("down", "downwards?")
TILTED = words("tilted", "no axis (?:is |of the device is )?(?:upright|vertical)")
ABOUT_VERTICAL = words("(?:about|around) the vertical")

MOST = words("most", "strongest", "dominan(?:t|tly)", "dominates", "greatest", "largest", "highest", "biggest")
MOSTLY = words("predominant(?:ly)?", "mainly", "primarily", "mostly")
VARIES = words(
    r"var(?:y|ies|ied|iation|iations|iability|iance)",
    r"deviat\w+",
    "strong(?:est)?",
    r"activ\w+",
    r"dominan\w+",
    "dominates",
    "mov(?:es|ement)",
    "rocks?",
    "turns?",
    r"rotat\w+",
    "signal",
)
OF_SENSOR = {
    "strongest_acc": re.compile(r"accel", re.IGNORECASE),
    "strongest_gyr": re.compile(r"gyro|angular|rotat|turn", re.IGNORECASE),
}

NOT_SHOWN = words(
    *("heart", "pulse", "blood", r"breath\w*", "health", "healthy", "fatigue", "fall risk"),
    *("age", "aged", "years?", "male", "female", "man", "woman", "gender"),
    *("happy", "tired", r"relax\w*", r"stress\w*", "mood"),
    *("indoors?", "outdoors?", "weather", "temperature", "gps", r"kilomet\w+", "km", "mph", "miles?"),
    *("wrist", "pocket", "waist", "ankles?", "chest", "hips?", "thighs?", "arms?", "legs?", "foot", "feet"),
    *("knees?", "hands?", "head", r"trouser\w*", "bag", "iphone", "android", "smartwatch", "watch"),
)
"""What an answer cannot know of."""
OF_TASK = words(
    "provided (?:facts|data)",
    "given facts",
    "the facts",
    "listed",
    "excerpt",
    "instructions",
    "the prompt",
    "language model",
    "json",
)
"""What shows that it was written from a prompt."""
SPELLED = words(
    "(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|dozen|half a)"
    "(?: and a half)?[ -](?:hertz|steps? (?:a|per|each)|degrees?|seconds?|minutes?|mg|g)"
)
"""Numbers in words, which nothing here reads."""
