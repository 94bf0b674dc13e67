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
    r"(?:the |this |that |my )?(?:whole |entire |full )?(?:recording|file|session|data|signal|trace|clip"
    r"|measurement)s?"
)
_WHO = (
    r"(?:i|we|you|he|she|they|the person|this person|the wearer|the user|the subject|somebody|someone|anyone"
    r"|the patient|person)"
)
_BE = r"(?:was|were|am|are|is|did|do|does|have|has|had)"
RULES: tuple[tuple[Quantity, str], ...] = (
    (
        "talk",
        (
            r"^(?:hi|hello|hey|thanks?|thank you(?: very much)?|ok(?:ay)?|bye|good (?:morning|day|evening)|help"
            r"|(?:thanks?|thank you|great|cool|nice|perfect|wow|good|fine|super|lovely)(?:[ ,!]+\w+){0,3}|help me"
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
            rf"\bhow (?:long|many (?:minutes|seconds|hours)) (?:is|was|does|did|are|in|long is) {_REC}(?: (?:last"
            rf"|take|run))?(?! (?:show|contain|have))|\b(?:total |overall )?(?:length|duration) of {_REC}"
            rf"|\b{_REC},? how long does it|\bhow much data\b"
        ),
    ),
    (
        "compare",
        (
            r"\bcompar(?:e|ed|es|ing|ison)\b|\bdifferen(?:ce|t|ces|tly)\b|\bdiffers?\b|\bversus\b|\bvs\b\.?"
            r"|\bwhich (?:of (?:the|these) (?:two|three|\d) )?(?:recording|one|file|session|walk"
            r"|stretch)s?\b.*\b(?:more|most|less|faster|fastest|slower|longer|longest|shorter|harder|steadier"
            r"|stronger|higher|lower)\b|\b(?:more|longer|less|faster|slower|harder|steadier|shorter|stronger|higher"
            r"|quicker) (?:\w+ ){0,4}than\b(?! (?:once|twice|one|two|\d|an? (?:second|minute|hour)))|\b(?:longer|more"
            r"|faster|harder|less|slower)\b[^?]*\bor\b|\b(?:the )?same (?:activit|thing|in both|in the two|as|way)"
            r"|\b(?:do|does|did|doing) the same\b|\bsame\b[^?]*\bboth\b|\bin both\b|\bboth recordings\b"
            r"|\btwo recordings\b|\bsame\b[^?]*\brecordings\b|\bwhat changed between\b"
        ),
    ),
    (
        "cadence",
        (
            r"\bcadence\b|\bhow (?:fast|quick|slow) (?:is|was|are|were) (?:the|my|each|a) (?:strides?|steps?|pace"
            r"|paces)\b|\b(?:steps?|strides?|paces) (?:a|per|each|every|/) ?min|\bstep(?:ping)? (?:rate|frequency)"
            r"|\bhow (?:fast|quick|quickly|slow|slowly) (?:are|were|is|was|did|do) (?:my|the|their|his|her|your|i"
            r"|the person'?s?)? ?(?:steps?|step|feet|footsteps)|\bspm\b|\bwalking (?:rate|tempo|pace|rhythm)"
            r"|\btempo\b|\b(?:what|at what|which) pace\b|\bpace\b"
            r"|\bhow (?:fast|quickly) (?:do|did|does) (?:i|the person|he|she|they) (?:step|take)\b"
            r"|\b(?:rate|frequency|speed|tempo|rhythm)\b[^?]*\bsteps?\b"
            r"|\bsteps? (?:are|were|is) taken (?:a|per|each|every|in a)\b"
        ),
    ),
    (
        "steps",
        (
            r"\bhow many (?:foot)?steps\b|\bstep count\b|\bnumber of (?:foot)?steps\b|\bcount (?:the |my )?steps\b"
            r"|\bsteps (?:did|have|were|in all|in total|altogether)\b|^(?:and )?(?:the |my )?steps\b"
        ),
    ),
    (
        "evenness",
        (
            r"\b(?:un)?even(?:ly|ness)?\b(?! (?:if|though|when|a|the|more|one)\b)|\b(?:ir)?regular(?:ly|ity)?\b"
            r"|\bsymmetr|\basymmetr|\blimp(?:ing|ed)?\b|\blopsided|\bhobbl\w+|\brhythm|\bstead(?:y|ily|iness)\b"
            r"|\bunstead|\bbalanced?\b|\bsmooth|\bconsisten|\bgait (?:quality|stable|ok|good|normal)|\bstable\b"
            r"|\bhow (?:was|is|were|good (?:was|is)) (?:my|the|their|his|her) gait|\bwobbl|\bvariab"
        ),
    ),
    (
        "share",
        (
            r"\b(?:what|which|how (?:large|big|much) (?:a |of a )?) ?(?:percent|percentage|share|fraction|proportion"
            r"|(?:part|portion) of (?:the |my )?(?:time|recording|session|day|hour))\b|\bpercent(?:age)?\b"
            r"|\bproportion\b|\bhow much of (?:the )?(?:time|recording|session|it)\b|\bfraction of\b|\bshare of\b|%"
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
            r"\bwhen\b(?! (?:i|he|she|they|we|the person|you)\b(?! (?:start|stop|begin))[^?]*,)|\b(?:at )?what time\b"
            r"|\bat which (?:time|point|moment)\b|\bwhich (?:time|moment|minute)\b"
            r"|\bwhere in (?:the|this) (?:recording|file|data)\b|\bat what point\b"
            r"|\bhow (?:long|soon|late) (?:before|until|after|into)\b|\btimes? of\b|\bshow me (?:where|when)\b"
        ),
    ),
    (
        "count",
        (
            r"\bhow many (?:\w+ )?(?:times|walks|stretches|bouts|periods|segments|episodes|flights|phases|intervals"
            r"|runs|jogs|breaks|rests|occasions|sits|sittings)\b|\bhow often\b|\bnumber of (?:times|walks|bouts"
            r"|stretches|periods|segments|episodes)|\bcount (?:the|my|how)"
            r"|\bhow many\b(?=[^?]*\b(?:walking|sitting|standing|lying|stair|jogging)\b[^?]*(?:stretches|bouts"
            r"|periods|segments|episodes|phases))|\b(?:once|twice) or\b|\b(?:more than|at least|fewer than|less than"
            r"|at most) (?:once|twice|\d+ times)\b"
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
            r"|standing|lying)|\bhow much (?:was|were) (?:i|the person)\b|\bmost time\b.*\b(?:walking|sitting"
            r"|standing|lying)\b"
        ),
    ),
    (
        "peak",
        (
            r"\b(?:peak|largest|biggest|strongest|highest|hardest|maximum|max|greatest) (?:\w+ )?(?:acceleration"
            r"|impact|jolt|shock|force|g|movement|motion|moment|hit|bump|spike)|\bimpacts?\b|\bjolts?\b|\bspikes?\b"
            r"|\bhow (?:strong|hard) (?:was|is) the (?:strongest|hardest|biggest)"
        ),
    ),
    (
        "most",
        (
            r"\b(?:did|do|was|were|is|am|spend|spent|doing) [^?]*\b(?:the )?(?:(?:most|mostly|mainly|predominant"
            r"|majority)\b|longest(?=\W*$| (?:of|in)\b))"
            r"|\b(?:main|most frequent|most common|dominant|predominant|prevailing) (?:activity|thing"
            r"|one)\b|\bmostly\b|\b(?:what|which) activity (?:took|lasted) (?:the )?(?:longest|most)\b"
            r"|\bmost of the time\b"
        ),
    ),
    (
        "list",
        (
            r"\b(?:list|enumerate|timeline|sequence|in (?:what|which|the) order|one after the other|step by step"
            r"|overview|breakdown|break (?:it |this )?down|chronolog|what activities|which activities"
            r"|all (?:the )?(?:activities|segments)|every(?:thing| activity)|what all|what did i do (?:all|over)"
            r"|order of)\b"
        ),
    ),
    (
        "intensity",
        (
            r"\bintens|\bvigou?r|\bstrenuous|\bforceful|\bviolent|\bhard (?:work|exercise|training|effort)"
            r"|\bworkout\b|\bfidget\w*|\b(?:light|moderate|gentle|heavy|hard|easy) (?:exercise|movement|motion"
            r"|activity)\b|\bhow (?:powerful|rough|gentle|wild|brisk)\b|\brestless|\bfidget|\bagitat|\btoss(?:ing"
            r"|ed)? and turn|\bstirr(?:ed|ing)\b|\bstir\b|\b(?:was|were|am|is|are) (?:i|he|she|they|it|we|the \w+"
            r"|this \w+) (?:\w+ )?(?:calm|quiet|active|lively|sluggish|energetic|gentle|busy)\b|\bhow (?:hard|active"
            r"|energetic|strong|much effort|lively|rest(?:ful|less)|much movement|much motion|much activity|calm"
            r"|still|quiet)\b|\beffort\b|\benergetic|\bhow much (?:did|do|does|was|is) (?:i|the person|he|she|they"
            r"|the sensor|the device|it) mov|\bhow much (?:movement|motion)\b|\bmg\b|\bmovement level\b"
            r"|\bactivity level\b|\bhow exhausting\b|\bhow heavy (?:is|was) (?:the )?(?:movement|motion|shaking"
            r"|activity)|\b(?:more|less|most|least) (?:active|vigorous|intense)\b"
        ),
    ),
    (
        "what",
        (
            rf"\bwhat (?:else )?(?:happen(?:s|ed|ing)?|(?:is|was) (?:going on|happening)|came|comes|follow(?:s|ed)"
            rf"|went on)\b|\bwhat (?:{_BE}|'?s) {_WHO} (?:doing|do|up to|been doing|done)\b|\bwhat (?:is|was) (?:it"
            rf"|this|that|there|here|recorded)\b|\bwhat next\b|\bnext\??$|\bwhat did it\b|\bwhat (?:activity|movement"
            rf"|motion)\b|\bwhich activity\b|\bdoing\b[^?]*\?*$|\bwhat {_WHO} {_BE} (?:doing|up to|been doing|done)\b"
            rf"|\bwhat (?:do|does|did) (?:you|we) see\b|\bwhat (?:is|was|gets|got|has been) (?:being )?done\b"
            rf"|^(?:please )?(?:name|identify|classify|label|recogni[sz]e|guess|determine)\b"
            rf"|\bhow (?:{_BE} |to )?(?:you )?(?:label|classify|call|categori[sz]e)\b"
            rf"|\b(?:and )?(?:then|afterwards?|after that|before that|later)\??$"
            rf"|\bactivity (?:at|is|was|between|in|during)\b"
            rf"|^what (?:do|does|did|can be seen in) {_REC} ?(?:show|contain|hold|tell)?\W*$"
        ),
    ),
    (
        "describe",
        (
            r"\b(?:describe|description|summari[sz]e|summary|caption|tell (?:me|us)(?! (?:a|some|another) (?:joke"
            r"|stor|lie|secret))|explain|report|analy[sz]e|interpret|characteri[sz]e|talk about|account of)\b"
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
    r"\b(?:fastest|quickest|highest|(?:move|moved|moving) (?:the )?most|most (?:vigorous|intense|active|strenuous"
    r"|energetic|movement|motion)|hardest|strongest)\b"
)
SLOWEST = re.compile(
    r"\b(?:slowest|lowest|least(?: (?:vigorous|intense|active|movement))?(?! (?:time|often|as|once))|calmest|quietest"
    r"|stillest)\b"
)


def quantity_of(text: str) -> Quantity | None:
    """Return what a plain question asks for; None where no rule fits."""
    return next((name for name, pattern in _RULES if pattern.search(text)), None)


def pick_of(text: str) -> str | None:
    """Return which of several stretches a question is about by their size: `longest`, `shortest`, `most`, `least`."""
    ways = (("longest", LONGEST), ("shortest", SHORTEST), ("most", FASTEST), ("least", SLOWEST))
    return next((name for name, pattern in ways if pattern.search(text)), None)
