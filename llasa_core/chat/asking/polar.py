"""Whether a question is answered by yes or no, and which of two answers its words would have to be."""

from __future__ import annotations

import re

_LEAD = r"^(?:(?:and|but|so|then|also|well|ok|okay)(?:,)? )*"
_ASKS = re.compile(
    rf"{_LEAD}(?:(?:is|are|was|were|am|do|does|did|has|have|had|can|could|would|will|should)(?: not)?|if|whether)\b"
)
_NAMES_WAYS = re.compile(r"\bor\b(?! (?:not|no|so|less|a bit|two|more (?:than )?\d)\b)")
_NOT_ASKED = re.compile(rf"{_LEAD}(?:can|could|would|will) (?:you|we|i|one)\b")


def is_polar(text: str) -> bool:
    """Return whether a plain question is answered by yes or no; `even or uneven?` is not."""
    return _ASKS.search(text) is not None and not _NAMES_WAYS.search(text) and not _NOT_ASKED.search(text)


_OPPOSITE = {
    "evenness": re.compile(
        r"\buneven|\birregular|\basymmetr|\blimp|\bwobbl|\bunstead|\bunstable|\bunbalanced|\bvariab|\bdiffer"
        r"|\bunequal|\bunalike|\bunlike|\bjerky|\bshaky"
    ),
    "moving": re.compile(r"\b(?:at rest|resting|still|stationary|motionless|idle|immobile|unmoved|not mov)"),
    "turned": re.compile(
        r"\b(?:stay|stays|stayed|same|constant|keep|keeps|kept|remain|remains|remained|unchanged|fixed|hold|holds)\b"
    ),
    "rhythm": re.compile(r"\b(?:aperiodic|arrhythmic|irregular|random|without (?:a |any )?(?:rhythm|beat|pattern))\b"),
}


def asks_for_opposite(quantity: str, text: str) -> bool:
    """Return whether a plain yes/no question asks for the opposite: `was it uneven?`, `was it at rest?`."""
    pattern = _OPPOSITE.get(quantity)
    return pattern is not None and pattern.search(text) is not None


_TOWARDS = re.compile(r"\b(up|upwards?|down|downwards?)\b")


def is_held_so(text: str, axes: str, up: str | None) -> bool | None:
    """Return whether a device is held as a plain yes/no question asks; None where its words do not say how.

    Args:
        text: the question.
        axes: that it names, such as `x`.
        up: which axis points up, as `facts.axis_up` has it. Phones have y along the long side, z out of the screen.
    """
    if axes:
        towards = _TOWARDS.search(text)
        signs = "+-" if towards is None or "up or down" in text else "+" if towards[1].startswith("up") else "-"
        return up is not None and up[1] in axes and up[0] in signs
    for words, held in _HELD:
        if words.search(text):
            return up in held
    return None


_HELD: tuple[tuple[re.Pattern[str], tuple[str | None, ...]], ...] = (
    (re.compile(r"\btilt|\bslant|\bat an angle\b"), (None,)),
    (re.compile(r"\bupside down\b"), ("-y",)),
    (re.compile(r"\b(?:screen|face|display)\b[^?]*\bdown"), ("-z",)),
    (re.compile(r"\b(?:screen|face|display)\b[^?]*\bup"), ("+z",)),
    (re.compile(r"\bflat\b|\blevel\b|\bhorizontal"), ("+z", "-z")),
    (re.compile(r"\bupright\b|\bvertical"), ("+y",)),
)
_WORDS = {"once": 1, "twice": 2, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_LIMIT = re.compile(
    r"\b(?:(?P<above>more than|above|over|exceed(?:s|ed|ing)?|higher than|faster than|beyond)|(?P<least>at least)"
    r"|(?P<below>less than|below|under|fewer than|lower than|slower than)|(?P<most>at most)) "
    r"(?:about )?(?P<n>\d+(?:\.\d+)?|" + "|".join(_WORDS) + r")\b"
)
_LENGTH = re.compile(
    r"\b(?:(?P<above>more than|over|longer than|at least)|less than|under|shorter than|at most) "
    r"(?:about )?(?P<n>an?|\d+(?:\.\d+)?) (?P<unit>s|m|h)\w*\b"
)
_ONE_STRETCH = re.compile(
    r"\bever\b|\bat a (?:stretch|time)\b|\bin (?:a row|one go)\b|\bwithout (?:a |any )?(?:break|pause|interruption"
    r"|stop)"
)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def is_long_enough(text: str, seconds: float) -> bool | None:
    """Return whether a length is what a plain question asks: `for more than a minute?`; None where it names none."""
    found = _LENGTH.search(text)
    if found is None:
        return None
    limit_s = (1.0 if found["n"] in {"a", "an"} else float(found["n"])) * _SECONDS[found["unit"]]
    return seconds >= limit_s if found["above"] else seconds <= limit_s


def asks_for_one_stretch(text: str) -> bool:
    """Return whether a plain question asks for a length of one time, not of all: `ever … for more than a minute?`."""
    return _LENGTH.search(text) is not None and _ONE_STRETCH.search(text) is not None


def is_beyond(text: str, value: float) -> bool | None:
    """Return whether a value is what a plain question asks: `more than twice?`, `above 100?`; None without a limit."""
    found = _LIMIT.search(text)
    if found is None:
        return None
    limit = _WORDS.get(found["n"]) or float(found["n"])
    if found["above"] or found["below"]:
        return value > limit if found["above"] else value < limit
    return value >= limit if found["least"] else value <= limit


_CALM = re.compile(r"\b(?:calm|still|quiet|restful|motionless|sluggish|lazy|inactive|peaceful|relaxed|at rest)\b")
_RESTLESS = re.compile(r"\b(?:restless\w*|fidget\w*|agitat\w*|toss\w*|stir\w*|move|moving|moved|movement|motion)\b")
_LIGHT = re.compile(r"\b(?:light|gentle|mild|slight|easy|low)\b")
_MODERATE = re.compile(r"\b(?:moderate|medium)\b")
_VIGOROUS = re.compile(r"\b(?:vigorous\w*|strenuous|exhausting|very (?:intense|active|hard|strong))\b")
_LEVELS = ("still", "light", "moderate", "vigorous")


def is_intensity_so(text: str, word: str) -> bool:
    """Return whether an intensity is what a plain yes/no question asks about: `was it vigorous?`, `was I restless?`.

    Args:
        text: the question.
        word: still, light, moderate or vigorous.
    """
    level = _LEVELS.index(word)
    if _CALM.search(text):
        return level == 0
    if _LIGHT.search(text):
        return level == 1
    if _MODERATE.search(text):
        return word == "moderate"
    if _VIGOROUS.search(text):
        return word == "vigorous"
    return level >= (1 if _RESTLESS.search(text) else 2)
