"""Activities that a question names, in whatever words, each with where it stands and which time of it is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llasa_core.data.activity_words import KINDS
from llasa_core.timeline.segments import STILL, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

UP, DOWN, STAIRS = "climbing stairs", "descending stairs", ("climbing stairs", "descending stairs")
POSTURES = KINDS[STILL]
AT_REST = (*POSTURES, STILL)
MOVING = ("walking", "climbing stairs", "descending stairs", "jogging", "biking")
ON_FOOT = ("walking", "climbing stairs", "descending stairs", "jogging")

_STAIR = (
    r"(?:the |a |some |any |those |these )?(?:flights? of )?(?:stairs?|staircase|stairway|steps"
    r"|stairwell)"
)
_GO = r"(?:walk|go|going|gone|went|come|came|coming|climb|step|run|mov|head)(?:ing|ed|s|es|e)?"
_WAYS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    # longer ways first: what is found is not looked at again
    ("climbing stairs", (UP,), rf"(?:{_GO} )?(?:up and down) {_STAIR}|(?:{_GO} )?up or down {_STAIR}"),  # see _of
    ("climbing stairs", (UP,), rf"{_GO} (?:back )?(?:up|upstairs)(?: {_STAIR})?|upstairs|up {_STAIR}|uphill"),
    (
        "climbing stairs",
        (UP,),
        rf"(?:climb|ascend|mount)(?:ing|ed|s)?(?: (?:up )?{_STAIR})?|(?:stair|staircase)[- ]?climb(?:ing|s)?",
    ),
    ("descending stairs", (DOWN,), rf"{_GO} (?:back )?(?:down {_STAIR}|downstairs)|downstairs|down {_STAIR}|downhill"),
    (
        "descending stairs",
        (DOWN,),
        rf"descend(?:ing|ed|s)?(?: (?:down )?{_STAIR})?|(?:going|went|go|coming) down(?! (?:to sit|to lie))",
    ),
    (
        "on the stairs",
        STAIRS,
        (
            rf"(?:{_GO} )?(?:on|along|over|using|took|take|taking|used?|do"
            rf"|doing) {_STAIR}(?<!any steps)(?<!the steps)(?<!some steps)(?<!take steps)(?<!took steps)"
        ),
    ),
    ("on the stairs", STAIRS, r"(?:stairs|staircases?|stairways?|stairwell|stair)"),
    (
        "sitting",
        ("sitting",),
        r"s[ia]t(?:ting|s)?(?: (?:back )?down)?|seated|in (?:a|my|the) chair|take a seat|took a seat",
    ),
    (
        "lying",
        ("lying",),
        (
            r"(?:lying|laying|lie|lies|lay|laid|lied)(?: (?:back )?down)?|in bed"
            r"|on (?:my|the) (?:back|bed|couch|sofa)|reclin(?:ed|ing)"
        ),
    ),
    ("standing", ("standing",), r"(?:st(?:and|ood)(?:ing|s)?)(?: (?:still|up|around|upright))?"),
    (
        "jogging",
        ("jogging",),
        r"jog(?:ged|ging|s)?|(?:running|ran|runs)(?! (?:out|low))|run(?! (?:out|low|it|the|this|on|from|at))",
    ),
    (
        "biking",
        ("biking",),
        (
            r"bik(?:ing|ed)|cycl(?:ing|ed|es|e)|bicycl(?:ing|e)|rode (?:a |my )?bike|riding (?:a |my )?bike"
            r"|on (?:a|my|the) bike"
        ),
    ),
    ("walking", ("walking",), r"(?:walk(?:ing|ed|s|er)?|stroll(?:ing|ed)?|march(?:ing|ed)?)(?: around| about)?"),
    ("on foot", ON_FOOT, r"on (?:my |their |his |her )?f(?:oo|ee)t"),
    (
        "at rest",
        AT_REST,
        (
            r"(?:at rest|resting|rested|(?:keep|kept|stay|stayed|being|was i|i was|i|person|ever) still|motionless"
            r"|(?<=longest )(?:rest|break|pause)|(?<=shortest )(?:rest|break|pause)"
            r"|sedentary|inactiv(?:e|ity)|idle|(?:not|n't|without) mov(?:ing|e))"
        ),
    ),
    ("unknown", (UNKNOWN,), r"unknown|unclear|unlabell?ed|not recogni[sz]ed"),
    ("moving", MOVING, r"(?:moving|on the move|in motion|physically active|being active|exercising)"),
)
_FOUND = tuple((words, names, re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])")) for words, names, pattern in _WAYS)
_OTHERS = re.compile(
    r"\b(?:danc(?:e|ed|ing)|swim(?:ming|s)?|swam|driv(?:e|ing|en)|drove|sleep(?:ing)?|slept|asleep"
    r"|jump(?:ed|ing|s)?|hop(?:ped|ping)|skip(?:ped|ping)"
    r"|row(?:ed|ing)|cook(?:ed|ing)|eat(?:ing)?|ate|drink(?:ing)?|drank|clean(?:ed|ing)"
    r"|f[ae]ll(?:ing|en|s)?(?! asleep)|crawl(?:ed|ing)|sprint(?:ed|ing)"
    r"|hik(?:ed|ing)|typ(?:ed|ing)|wr(?:iting|ote)|brush(?:ed|ing)|vacuum(?:ed|ing)"
    r"|lift(?:ed|ing)|squat(?:s|ted|ting)?|push-?ups?"
    r"|kneel(?:ed|ing)|elevator|escalator|yoga|play(?:ed|ing)?|smok(?:ed|ing)|knitting|gardening"
    r"|ski(?:ed|ing)|skat(?:ed|ing)|pull-?ups?|sit-?ups?"
    r"|wav(?:ed|ing)|shak(?:e|ing)|talk(?:ed|ing)|phon(?:ed|ing))\b"
)
_ORDINALS = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5,
    "sixth": 6, "6th": 6, "seventh": 7, "7th": 7, "eighth": 8, "8th": 8, "last": -1, "final": -1, "latest": -1,
}  # fmt: skip
_NTH = re.compile(
    rf"\b({'|'.join(_ORDINALS)})\b(?! (?:minutes?|seconds?|hours?|half|third|quarter|mins?|secs?"
    rf"|recording|one\b))"
)
_ANY = "|".join(_ORDINALS)
_PAIR = re.compile(rf"\b({_ANY})(?: time)?,? (?:and|or|with|than|to|vs|versus) (?:the |my )?(?:{_ANY})\b")
NEAR = 34
"""Letters between an ordinal and the activity that it is said of: `the second time that the person sat`."""
_BORDER = re.compile(r"[,;?!]|\b(?:and|but|than|or|versus|vs)\b")
_RELATION = re.compile(
    r"\b(?P<after>(?:right |just |directly )?after|following|since|once|as soon as)\b"
    r"|\b(?P<before>(?:right |just |directly )?before|prior to|until|till)\b"
    r"|\b(?P<between>between)\b"
)
STARTS = re.compile(r"\b(?:start(?:ed|s|ing)?|began|begun|begin(?:ning|s)?|beginning of|start of|onset of)\b")
ENDS = re.compile(r"\b(?:stop(?:ped|s|ping)?|end(?:ed|s|ing)?|finish(?:ed|es|ing)?|quit)\b(?! of the recording)")


@dataclass(frozen=True)
class Target:
    """One activity, or a group that is spoken of together."""

    words: str
    """How answers call it: `walking`, `on the stairs`."""
    activities: tuple[str, ...]
    """Of the vocabulary; empty for what it lacks, such as dancing."""
    nth: int | None = None
    """Which time of it: 2 is the second, -1 the last."""
    relation: str = ""
    """`after` or `before`, where the question is about what came then."""
    edge: str = ""
    """`start` or `end`, where its beginning or end is spoken of."""
    at: int = 0
    """Where it stands in the question."""


def find_targets(text: str) -> tuple[Target, ...]:
    """Return the activities that a plain question names, in its order, each once for every relation."""
    found = sorted(_mentions(text), key=lambda one: one[0])
    targets: list[Target] = []
    before = 0
    for start, end, words, names in found:
        lead = text[before:start]
        relation = _relation(lead)
        target = Target(words, names, _nth(text, before, start, end), relation, _edge(lead), start)
        pair = _PAIR.search(text, before, start)
        if pair is not None and start - pair.end() <= NEAR:
            targets.append(replace(target, nth=_ORDINALS[pair[1]]))  # `the first and the second time I lay`
        if (words, relation, target.nth) not in {(one.words, one.relation, one.nth) for one in targets}:
            targets.append(target)
        before = end
    return tuple(_without_repeats(targets))


def _without_repeats(targets: list[Target]) -> list[Target]:
    """Leave out `stairs` where climbing or descending is named, as in `how many flights of stairs did I climb?`."""
    has_way = any(one.activities in {(UP,), (DOWN,)} and not one.relation for one in targets)
    return [one for one in targets if not (has_way and one.activities == STAIRS and not one.relation)]


def _mentions(text: str) -> Iterator[tuple[int, int, str, tuple[str, ...]]]:
    left = text
    for words, names, pattern in _FOUND:
        for match in pattern.finditer(left):
            is_both = re.search(r"up (?:and|or) down", match[0]) is not None
            yield (match.start(), match.end(), *(("on the stairs", STAIRS) if is_both else (words, names)))
        left = pattern.sub(lambda match: "#" * len(match[0]), left)
    for match in _OTHERS.finditer(left):
        yield match.start(), match.end(), match[0], ()


def _nth(text: str, before: int, start: int, end: int) -> int | None:
    lead = text[max(before, start - NEAR) : start]
    border = max((match.end() for match in _BORDER.finditer(lead)), default=0)
    found = list(_NTH.finditer(lead, border))
    if found:
        return _ORDINALS[found[-1][1]]
    behind = re.match(rf"(?: \w+){{0,2}}? (?:the |a |my )?({'|'.join(_ORDINALS)}) (?:time|stretch|bout)\b", text[end:])
    return _ORDINALS[behind[1]] if behind else None


def _relation(lead: str) -> str:
    border = max((match.end() for match in re.finditer(r"[;?!]|,(?! )", lead)), default=0)
    found = list(_RELATION.finditer(lead, border))
    return str(found[-1].lastgroup) if found and len(lead) - found[-1].end() <= NEAR else ""


def _edge(lead: str) -> str:
    near = lead[-NEAR:]
    starts, ends = list(STARTS.finditer(near)), list(ENDS.finditer(near))
    if not starts and not ends:
        return ""
    last_start = starts[-1].start() if starts else -1
    last_end = ends[-1].start() if ends else -1
    return "start" if last_start > last_end else "end"
