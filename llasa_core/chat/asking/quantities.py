"""What a question asks for: a length, a count, a time, a cadence, …; read from its words, the first rule that fits."""

from __future__ import annotations

import re
from typing import Literal

from llasa_core.chat.asking.signal import SignalQuantity

Quantity = (
    SignalQuantity
    | Literal[
        "activity",
        "amount",
        "cadence",
        "changes",
        "compare",
        "count",
        "describe",
        "duration",
        "gaps",
        "length",
        "list",
        "most",
        "sure",
        "share",
        "talk",
        "steps",
        "what",
        "when",
        "whether",
    ]
)
"""`amount` is how much of something was moved at all; `describe` is for the model."""

_REC = (
    r"(?:the |this |that |my )?(?:whole |entire |full )?(?:recording|file|session|data|signal|trace"
    r"|clip|measurement)s?"
)
_WHO = (
    r"(?:i|we|you|he|she|they|the person|this person|the wearer|the user|the subject|somebody|someone"
    r"|anyone|the patient|person)"
)
_BE = r"(?:was|were|am|are|is|did|do|does|have|has|had)"
RULES: tuple[tuple[Quantity, str], ...] = (
    (
        "talk",
        (
            r"^(?:hi|hello|hey|thanks?|thank you(?: very much)?|ok(?:ay)?|bye|good (?:morning|day|evening)|help"
            r"|what can (?:i ask|you (?:do|tell|answer))[^?]*)\W*$"
        ),
    ),
    (
        "sure",
        (
            r"\b(?:how (?:sure|certain|confident|reliable)|are you (?:sure|certain)|how do you know|really\?$"
            r"|is that (?:right|true|correct|reliable))"
        ),
    ),
    ("gaps", r"\b(?:gaps?|missing (?:data|samples|part)|interruptions?|dropouts?)\b"),
    (
        "length",
        (
            rf"\bhow (?:long|many (?:minutes|seconds|hours)) (?:is|was|does|did|are|in"
            rf"|long is) {_REC}(?: (?:last|take|run))?(?! (?:show|contain|have))"
            rf"|\b(?:total |overall )?(?:length|duration) of {_REC}|\bhow much data\b"
        ),
    ),
    (
        "compare",
        (
            r"\bcompar(?:e|ed|es|ing|ison)\b|\bdifferen(?:ce|t|ces|tly)\b|\bdiffers?\b|\bversus\b|\bvs\b\.?"
            r"|\bwhich (?:of (?:the|these) (?:two|three|\d) )?(?:recording|one|file|session|walk"
            r"|stretch)s?\b.*\b(?:more|most|less|faster|fastest|slower|longer|longest|shorter|harder|steadier"
            r"|stronger|higher|lower)\b"
            r"|\b(?:more|longer|less|faster|slower|harder|steadier|shorter|stronger|higher"
            r"|quicker) (?:\w+ ){0,4}than\b(?! (?:once|twice|one|two|\d))|\b(?:longer|more|faster|harder|less"
            r"|slower)\b[^?]*\bor\b"
            r"|\b(?:the )?same (?:activit|thing|in both|in the two|as|way)|\b(?:do|does|did|doing) the same\b"
            r"|\bsame\b[^?]*\bboth\b|\bin both\b|\bboth recordings\b|\btwo recordings\b|\bsame\b[^?]*\brecordings\b"
            r"|\bwhat changed between\b"
        ),
    ),
    (
        "cadence",
        (
            r"\bcadence\b|\bsteps? (?:a|per|each|every|/) ?min|\bstep(?:ping)? (?:rate|frequency)"
            r"|\bhow (?:fast|quick|quickly|slow|slowly) (?:are|were|is|was|did|do) (?:my|the|their|his|her"
            r"|your|i|the person'?s?)? ?(?:steps?|step|feet|footsteps)|\bspm\b"
            r"|\bwalking (?:rate|tempo|pace|rhythm)|\btempo\b|\b(?:what|at what|which) pace\b|\bpace\b"
            r"|\bhow (?:fast|quickly) (?:do|did|does) (?:i|the person|he|she|they) (?:step|take)\b"
            r"|\b(?:rate|frequency|speed|tempo|rhythm)\b[^?]*\bsteps?\b|\bsteps? (?:are|were|is) taken (?:a|per|each"
            r"|every|in a)\b"
        ),
    ),
    (
        "steps",
        (
            r"\bhow many (?:foot)?steps\b|\bstep count\b|\bnumber of (?:foot)?steps\b"
            r"|\bcount (?:the |my )?steps\b|\bsteps (?:did|have|were|in all|in total|altogether)\b"
            r"|^(?:and )?(?:the |my )?steps\b"
        ),
    ),
    (
        "evenness",
        (
            r"\b(?:un)?even(?:ly|ness)?\b(?! (?:if|though|when|a|the|more|one))|\b(?:ir)?regular(?:ly|ity)?\b"
            r"|\bsymmetr|\basymmetr|\blimp(?:ing|ed)?\b|\brhythm|\bstead(?:y|ily|iness)\b|\bunstead"
            r"|\bbalanced?\b|\bsmooth|\bconsisten|\bgait (?:quality|stable|ok|good|normal)|\bstable\b"
            r"|\bhow (?:was|is|were|good (?:was|is)) (?:my|the|their|his|her) gait|\bwobbl|\bvariab"
        ),
    ),
    (
        "share",
        (
            r"\b(?:what|which|how (?:large|big|much) (?:a |of a )?) ?(?:percent|percentage|share|fraction"
            r"|proportion|(?:part|portion) of (?:the |my )?(?:time|recording|session|day|hour))\b|\bpercent(?:age)?\b"
            r"|\bproportion\b"
            r"|\bhow much of (?:the )?(?:time|recording|session|it)\b|\bfraction of\b|\bshare of\b|%"
        ),
    ),
    (
        "changes",
        (
            rf"\bhow (?:often|many times) (?:{_BE} )?{_WHO} (?:change|switch|start something)"
            rf"|\bhow many (?:transitions|changes|switches|activity changes)"
            rf"|\bnumber of (?:transitions|changes|switches)|\bhow often (?:does|did) (?:the )?activity change"
            rf"|\bhow many (?:different )?activities\b"
        ),
    ),
    (
        "when",
        (
            r"\bwhen\b(?! (?:i|he|she|they|we|the person|you)\b(?! (?:start|stop|begin))[^?]*,)"
            r"|\b(?:at )?what time\b|\bat which (?:time|point|moment)\b|\bwhich (?:time|moment|minute)\b"
            r"|\bwhere in (?:the|this) (?:recording|file|data)\b|\bat what point\b"
            r"|\bhow (?:long|soon|late) (?:before|until|after|into)\b|\btimes? of\b|\bshow me (?:where|when)\b"
        ),
    ),
    (
        "count",
        (
            r"\bhow many (?:\w+ )?(?:times|walks|stretches|bouts|periods|segments|episodes|flights|phases"
            r"|intervals|runs|jogs|breaks|rests|occasions|sits|sittings)\b|\bhow often\b"
            r"|\bnumber of (?:times|walks|bouts|stretches|periods|segments|episodes)|\bcount (?:the|my|how)"
            r"|\bhow many\b(?=[^?]*\b(?:walking|sitting|standing|lying|stair|jogging)\b[^?]*(?:stretches"
            r"|bouts|periods|segments|episodes|phases))|\b(?:once|twice) or\b|\bmore than once\b"
        ),
    ),
    (
        "duration",
        (
            r"\bhow (?:long|much time|many (?:minutes|seconds|hours|mins|secs))\b|\bhow mutch time\b"
            r"|\btime (?:i |the person )?(?:spent|spend|was spent)"
            r"|\b(?:total|overall|complete) (?:time|duration|length)\b|\bduration\b|\bfor how long\b"
            r"|\blength of (?:the|my|each|that|time)\b|\b(?:minutes|seconds) (?:of|spent|did)\b"
            r"|\bhow much (?:did (?:i|the person|he|she|they) )?(?:walk|sit|stand|lie|jog|run|walking|sitting"
            r"|standing|lying)|\bhow much (?:was|were) (?:i|the person)\b"
            r"|\bmost time\b.*\b(?:walking|sitting|standing|lying)\b"
        ),
    ),
    (
        "peak",
        (
            r"\b(?:peak|largest|biggest|strongest|highest|hardest|maximum|max"
            r"|greatest) (?:\w+ )?(?:acceleration|impact|jolt|shock|force|g|movement|motion|moment|hit|bump"
            r"|spike)|\bimpacts?\b|\bjolts?\b|\bspikes?\b"
            r"|\bhow (?:strong|hard) (?:was|is) the (?:strongest|hardest|biggest)"
        ),
    ),
    (
        "most",
        (
            r"\b(?:did|do|was|were|is|am|spend|spent|doing) [^?]*\b(?:the )?(?:most|mostly|mainly|longest"
            r"|predominant|majority)\b"
            r"|\b(?:main|most frequent|most common|dominant|predominant|prevailing) (?:activity|thing|one)\b"
            r"|\bmostly\b|\bwhat activity (?:took|lasted) (?:the )?longest\b|\bmost of the time\b"
        ),
    ),
    (
        "list",
        (
            r"\b(?:list|enumerate|timeline|sequence|in (?:what|which|the) order|one after the other"
            r"|step by step|overview|breakdown|break (?:it |this )?down|chronolog|what activities"
            r"|which activities|all (?:the )?(?:activities|segments)|every(?:thing| activity)|what all"
            r"|what did i do (?:all|over)|order of)\b"
        ),
    ),
    (
        "intensity",
        (
            r"\bintens|\bvigorous|\bstrenuous|\brestless|\bfidget|\bagitat|\btoss(?:ing|ed)? and turn|\bstirr(?:ed"
            r"|ing)\b|\bstir\b"
            r"|\b(?:was|were|am|is|are) (?:i|he|she|they|it|we|the \w+|this \w+) (?:\w+ )?(?:calm|quiet|active|lively"
            r"|sluggish|energetic|gentle"
            r"|busy)\b"
            r"|\bhow (?:hard|active|energetic|strong|much effort|lively|rest(?:ful|less)|much movement"
            r"|much motion|much activity|calm|still|quiet)\b|\beffort\b|\benergetic"
            r"|\bhow much (?:did|do|does|was|is) (?:i|the person|he|she|they|the sensor|the device|it) mov"
            r"|\bhow much (?:movement|motion)\b|\bmg\b|\bmovement level\b|\bactivity level\b"
            r"|\bhow exhausting\b|\b(?:more|less|most|least) (?:active|vigorous|intense)\b"
        ),
    ),
    (
        "what",
        (
            rf"\bwhat (?:else )?(?:happen(?:s|ed|ing)?|(?:is|was) (?:going on|happening)|came|comes|follow(?:s"
            rf"|ed)|went on)\b|\bwhat (?:{_BE}|'?s) {_WHO} (?:doing|do|up to|been doing|done)\b"
            rf"|\bwhat (?:is|was) (?:it|this|that|there|here|recorded)\b|\bwhat next\b|\bnext\??$"
            rf"|\bwhat did it\b|\bwhat (?:activity|movement|motion)\b|\bwhich activity\b|\bdoing\b[^?]*\?*$"
            rf"|\bwhat (?:do|does|did) (?:you|we) see\b|\bwhat (?:is|was|gets|got|has been) (?:being )?done\b"
            rf"|^(?:please )?(?:name|identify|classify|label|recogni[sz]e|guess|determine)\b"
            rf"|\bhow (?:{_BE} |to )?(?:you )?(?:label|classify|call|categori[sz]e)\b"
            rf"|\b(?:and )?(?:then|afterwards?|after that|before that|later)\??$"
            rf"|\bactivity (?:at|is|was|between|in|during)\b"
        ),
    ),
    (
        "describe",
        (
            r"\b(?:describe|description|summari[sz]e|summary|caption|tell me|explain|report|analy[sz]e"
            r"|interpret|characteri[sz]e|talk about|account of)\b"
        ),
    ),
    (
        "whether",
        (
            rf"^(?:so |and |but |then |also )?(?:{_BE}) (?:not )?(?:{_WHO}|there|it|this|that|my)\b|\bany\b"
            rf"|\b(?:is|was|were|are) there\b|\bever\b|\bat all\b"
        ),
    ),
)
_RULES: tuple[tuple[Quantity, re.Pattern[str]], ...] = tuple((name, re.compile(pattern)) for name, pattern in RULES)
LONGEST = re.compile(r"\b(?:longest|most extended)\b")
SHORTEST = re.compile(r"\b(?:shortest|briefest)\b")
FASTEST = re.compile(
    r"\b(?:fastest|quickest|highest|(?:move|moved|moving) (?:the )?most|most (?:vigorous|intense"
    r"|active|strenuous|energetic|movement"
    r"|motion)|hardest|strongest)\b"
)
SLOWEST = re.compile(
    r"\b(?:slowest|lowest|least(?: (?:vigorous|intense|active|movement))?(?! (?:time|often|as|once))"
    r"|calmest|quietest|stillest)\b"
)


def quantity_of(text: str) -> Quantity | None:
    """Return what a plain question asks for; None where no rule fits."""
    return next((name for name, pattern in _RULES if pattern.search(text)), None)


def pick_of(text: str) -> str | None:
    """Return which of several stretches a question is about by their size: `longest`, `shortest`, `most`, `least`."""
    ways = (("longest", LONGEST), ("shortest", SHORTEST), ("most", FASTEST), ("least", SLOWEST))
    return next((name for name, pattern in ways if pattern.search(text)), None)
