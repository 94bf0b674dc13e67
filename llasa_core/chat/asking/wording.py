"""A question made plain: small letters, numbers as digits, and words that are one slip away from what they mean."""

from __future__ import annotations

import re
from functools import lru_cache

SHORTEST_MENDED = 4
"""Shorter words are too like each other."""
LONG_WORD = 8
"""In words of so many letters two slips are mended, in others one."""

_MEANT = """
active activities activity after ascend ascending before began begin beginning between bicycle biking cadence
calories change changed climb climbed climbing climbs compare compared comparison cycling descend descended
descending describe description difference distance doing downstairs duration during energetic even evenly
evenness fifth finish finished first fourth fraction gait happen happened happening heart hour hours inactive
intense intensity irregular jogged jogging kilometres last lasted lasts laying least lied long longer longest
lying many minute minutes most mostly motionless moved movement moving much often overview pace percent
percentage rate recording recordings regular regularity rested resting rhythm rhythmic running seated second
seconds sedentary share short shorter shortest sitting speed spend spent stair staircase stairs stand standing
start started steadiness steady step steps stood stop stopped stretch stretches stroll strolled strolling
summarise summarize summary switch switched symmetric symmetrical symmetry temperature tempo third time times
total transition transitions uneven until upstairs vigorous walk walked walker walking walks weight what when
where which while
"""
MEANT = frozenset(_MEANT.split())
"""Words that decide what a question asks for."""

_OTHER_WORDS = """
alter altered forth gain gained intensify intensified logger recurrent recurring shout shouting sport stir stirred
stirring strapped
about action actions actual actually again against alone along any anything because best bike burning cause
chance changes charge charged chart cloud cooking could count country cunning dance danced dancing data date
dating desk drink drinking drive driven driving drove eating even evening event events ever every fast finding
fired firs fist hand hands head hear heard hearts held here hike hired hold home horse hour hourly house inside
instead intend intended interest interesting item items lake landing large lasting late later learning least
like list load lone long lost loud low lower lowest make many match mate mean means meant mind mine minor minus
minute minutes mode model modes money month months mood moon more morning most moth mount mouth much must native
nest next noon nothing noting orange our ours outside pacing pages passed past pause paused pays peace people
person phase phone phrase place plan plane pocket posted race range ranges rare rates reading relax relaxed rest
restaurant rested resting road route rung running score secondly sensor setting seven share ships shirt shoes
shops shore short should signal sired siting sitter sketch sleep slow slowly something soon stage stairs stamp
standard stare staring starred stars start starts state steep step's stomach stop stops strange stretch string
strong such sunning switch take talk talked talking taste term test tested text than that their them then there
these this thus timed timely timer tired told toll tool total totally turned turning typing waking wall walls
watch wear were west wheel when's which while white whole whose window windows wired witch wore working worn
would wrist writing
"""
OTHER_WORDS = frozenset(_OTHER_WORDS.split())
"""Words that are what they say, though one slip away from others."""

_NUMBERS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "fifteen": "15", "twenty": "20", "thirty": "30",
    "forty": "40", "fifty": "50", "sixty": "60", "ninety": "90", "half a": "0.5", "a couple of": "2", "couple of": "2",
}  # fmt: skip
_UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?)"
_NUMBER_WORD = re.compile(rf"\b({'|'.join(sorted(_NUMBERS, key=len, reverse=True))})(?=[ -](?:{_UNIT}|times)\b)")
_CONTRACTED = (
    (re.compile(r"\bwhat'?s\b"), "what is"),
    (re.compile(r"\b(when|where|who|how)'?s\b"), r"\1 is"),
    (re.compile(r"\b(did|was|is|does|do|were|are|has|have|had|could|would|should)n'?t\b"), r"\1 not"),
    (re.compile(r"\b(?:can't|cannot)\b"), "can not"),
    (re.compile(r"\bi'?m\b"), "i am"),
    (re.compile(r"\bi'?ve\b"), "i have"),
)
_ASKED_ABOUT = r"(?=,? (?:if|whether|what|which|how|when|where|who|about|the|a|an|in)\b)"
_OF_POLITENESS = re.compile(
    r"^(?:(?:please|hey|hi|hello|ok|okay|well|so,|and please|now),? )*(?:(?:can|could|would|will) you (?:please "
    r"|kindly )?(?:tell|show|give|say|estimate|work out|find out|check|let|identify|name|determine|measure|compute"
    r"|calculate|report"
    rf"|read off)(?: (?:me|us))?(?: know)?{_ASKED_ABOUT}"
    r"|(?:i|we) (?:would|'d|want to|would like to|'d like to|need to) (?:like to )?know|i wonder|i am wondering"
    r"|(?:do|does) (?:you|anybody|anyone) know|(?:tell|show|let) (?:me|us)(?: know)?(?=,? (?:if|whether|what|which"
    r"|how|when|where|who)\b)),? "
)
_IN_YOUR_VIEW = re.compile(
    r"(?<!why )(?<!how )\b(?:would|do|could) you (?:say|think|guess|believe|reckon|suppose)\b(?: that)?,? ?"
    r"|\bin your (?:view|opinion),? ?"
)


def plain(question: str) -> str:
    """Return a question in small letters, without double spaces, its slips mended and numbers of time as digits."""
    text = question.casefold().replace("’", "'").replace("\u2013", "-").replace("\u2014", " - ")
    text = re.sub(r"\s+", " ", text).strip()
    for pattern, whole in _CONTRACTED:
        text = pattern.sub(whole, text)
    text = _IN_YOUR_VIEW.sub("", _OF_POLITENESS.sub("", text))
    text = re.sub(r"(?<![\w])[a-z]+(?![\w])", lambda match: mended(match[0]), text)
    return _NUMBER_WORD.sub(lambda match: _NUMBERS[match[1]], text)


@lru_cache(maxsize=4096)
def mended(word: str) -> str:
    """Return the word that was meant: itself, or the only one of `MEANT` that it is a slip of."""
    if len(word) < SHORTEST_MENDED or word in MEANT or word in OTHER_WORDS:
        return word
    most = 2 if len(word) >= LONG_WORD else 1
    near = [
        (slips, meant)
        for meant in sorted(MEANT)
        if meant[0] == word[0] and (slips := _slips(word, meant, most)) <= most
    ]
    return min(near)[1] if near else word


def _slips(one: str, other: str, most: int) -> int:
    """Return how many letters are wrong, missing, too many or swapped with their neighbour; more than `most` is enough.

    Source:
        Damerau 1964, with swaps of neighbours only (optimal string alignment).
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        two_before, before, row = before, row, [i]
        for j, b in enumerate(other, start=1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, two_before[j - 2] + 1)
            row.append(best)
    return row[-1]
