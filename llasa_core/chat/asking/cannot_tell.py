"""What acceleration and angular rate do not tell: how it is asked for, why, and what there is instead."""

from __future__ import annotations

import re
from typing import NamedTuple


class CannotTell(NamedTuple):
    """One thing that a recording of motion cannot tell."""

    what: str
    """Goes on from "This recording cannot tell"."""
    pattern: str
    why: str
    """A sentence."""
    instead: str = ""
    """Which quantity comes nearest: `cadence`, `steps`, `intensity`, …; it is told beside."""
    is_of_words: bool = False
    """Its words also speak of the signal: `how high does the acceleration go?`; not meant where that is asked for."""


_NO_PLACE = "Acceleration and angular rate hold no position, and adding them up drifts by metres within seconds."
_NO_BODY = "Nothing in it was measured inside the body."
_NO_PERSON = "Motion does not say who carries the sensor."
_NO_SURROUNDINGS = "It holds the motion of the sensor, nothing of the surroundings."
_PERSON = (
    r"(?:i|the person|this person|he|she|they|the wearer|the user|the subject|my|the person's|his|her|their"
    r"|the wearer's)"
)

CANNOT: tuple[CannotTell, ...] = (
    CannotTell(
        "what the heart rate was",
        r"\bheart(?:beat| ?rate)?s?\b|\bpulse\b|\bbpm\b|\bbeats (?:a|per) min",
        _NO_BODY,
        "intensity",
    ),
    CannotTell(
        "what the blood pressure was", r"\bblood\b|\boxygen\b|\bspo2\b|\bblood[- ]sugar\b|\bglucose\b", _NO_BODY
    ),
    CannotTell(
        "how the breath went",
        r"\bbreath\w*\b|\brespirat\w*\b|\binhal\w*|\bexhal\w*|\bpant(?:ing|ed)\b|\blungs?\b",
        _NO_BODY,
        "intensity",
    ),
    CannotTell(
        "how many calories were burned",
        (
            r"\bcalori\w*\b|\bkcals?\b|\bkilojoules?\b|\benergy (?:did|was|expend|use|spent|burn)|\bburn(?:ed|t)?\b"
            r"|\bfat\b|\bmets?\b"
        ),
        "Energy depends on weight and on effort that the sensor does not see.",
        "intensity",
    ),
    CannotTell(
        "how fast the person moved over ground",
        (
            r"\bkm ?/? ?h\b|\bkph\b|\bmph\b|\bkilomet(?:re|er)s? (?:an|per) hour|\bmiles (?:an|per) hour"
            r"|\bm/s\b(?!\^|²)|\bmet(?:re|er)s (?:a|per) second\b"
            r"|\b(?:walking |running |average |top |my |the |her |his )*(?:speed|velocity)\b(?! of (?:the )?(?:steps"
            r"|rotation|turn))|\bhow (?:fast|quick(?:ly)?) (?:was|did|were|am|is|do|does|can) "
        )
        + _PERSON
        + (
            r"\b(?! (?:turn|rotate|step|steps|feet|step's|stepping|footsteps)\b)"
            r"|\b(?:minutes?|pace|speed) (?:per|a|an) (?:km|kilomet\w*|mile)"
        ),
        _NO_PLACE,
        "cadence",
        is_of_words=True,
    ),
    CannotTell(
        "how far the person went",
        (
            r"\bhow far\b(?! (?:apart|into|off|does the device|did the device))|\bdistance\b"
            r"|\b(?:how many|number of) (?:km|kilomet(?:re|er)s?|miles?|met(?:re|er)s?)\b|\bkilomet(?:re|er)s\b"
            r"|\bmiles\b|\bin (?:met(?:re|er)s|km|feet|yards)\b"
        ),
        _NO_PLACE,
        "steps",
        is_of_words=True,
    ),
    CannotTell(
        "how high the person climbed",
        (
            r"\baltitude\b|\bheight in\b|\bin height\b|\belevation\b"
            r"|\bhow high\b(?! (?:is|was) the (?:acc|inten|cad|peak))"
            r"|\bhow many (?:floors?|stor(?:e?ys?|ies)|levels)\b|\bheight (?:gained|climbed|difference)|\bsea level\b"
        ),
        "It holds no air pressure, and height cannot be added up from acceleration.",
        "stairs",
        is_of_words=True,
    ),
    CannotTell(
        "where on the body the sensor was worn",
        (
            r"\b(?:on|in) (?:the|my|a|his|her|which) (?:wrist|pocket|hip|waist|ankle|chest|bag|hand|belt|arm)\b"
            r"|\bwhere (?:is|was) the (?:sensor|phone|device)\b"
            r"|\bwhere (?:\w+ ){1,4}(?:attached|worn|mounted|strapped)\b|\bsensor (?:placement|position|location)\b"
        ),
        "Motion alone does not say it. The recording was read as it is.",
        is_of_words=True,
    ),
    CannotTell(
        "where this was recorded",
        (
            r"\bwhere (?:was|is|were|am|are|did|do|does)\b(?![^?]*\b(?:recording|file|data|signal|timeline)\b)"
            r"|\blocation\b|\bgps\b|\b(?:which|what) (?:city|country|place|street|building|room|town)\b"
            r"|\b(?:in|out)doors?\b|\binside or\b|\boutside or\b|\bor (?:in|out)side\b"
            r"|\b(?:north|south|east|west)(?:ward\w*)?\b|\bcompass\b"
            r"|\b(?:which|what) direction (?:did|was|am|were|is|do|does) (?:i|he|she|they|the person|the wearer)\b"
            r"|\bat home\b|\bat (?:the )?(?:work|office|gym)\b|\bcoordinates\b|\bplace\b(?! of)|\bwhere to\b"
        ),
        _NO_PLACE,
        is_of_words=True,
    ),
    CannotTell(
        "who the person is",
        (
            r"\b(?:neighbour|neighbor|brother|sister|mother|father|friend|boss|colleague)(?:'s)?\b"
            r"|\bwho\b(?! (?:did|does) (?:more|most))|\bwhose\b|\bname (?:of|is)\b"
            r"|\b(?:my|your|person's|wearer's|his|her) name\b|\bidentity\b|\bidentify the (?:person|wearer|user)\b"
            r"|\b(?:person|wearer|user|he|she) called\b"
        ),
        _NO_PERSON,
    ),
    CannotTell(
        "how old the person is",
        r"\bhow old\b(?! (?:is|was) (?:the |this )?(?:recording|file|data))|\baged?\b|\bolder\b|\byoung(?:er)?\b"
        r"|\belderly\b|\bbirth|\bborn\b|\byears? old\b",
        _NO_PERSON,
    ),
    CannotTell(
        "what sex the person is",
        (
            r"\bgender\b|\bsex\b|\b(?:a )?(?:man or|woman or|male|female)\b"
            r"|\bis (?:it|this|he|she|the person|the wearer) a (?:man|woman|boy|girl)\b"
        ),
        _NO_PERSON,
    ),
    CannotTell(
        "how tall the person is",
        (
            r"\btall(?:er)?\b|\b(?:person's|my|his|her|wearer's|body) height\b|\bheight of (?:the )?(?:person|wearer)"
            r"|\bleg length\b|\bstep length\b|\bstride length\b"
            r"|\bhow long (?:are|were) (?:my|the|his|her|their) (?:steps|strides|legs)\b"
        ),
        "The sensor shows the rhythm of steps, not their length.",
        "cadence",
    ),
    CannotTell(
        "how heavy the person is",
        r"\bweigh(?:t|s|ed)?\b(?! of (?:the )?(?:axis|vertical|peak|rhythm))"
        r"|\bhow heavy\b(?! (?:is|was|are|were) (?:the )?(?:movement|motion|step|shaking|impact|activity))|\bbmi\b"
        r"|\b(?:over|under)weight\b|\bkilos?\b|\bkilograms?\b|\bobese\b|\bmass\b|\bpounds\b",
        _NO_PERSON,
    ),
    CannotTell(
        "how the person felt",
        (
            r"\b(?:happy|happier|sad|angry|anxious|nervous|afraid|scared|mood|emotions?|emotional"
            r"|feel(?:s(?! gravity)|ing|ings)?|felt|stress(?:ed)?|bored|depressed|in pain|pain|hurt(?:ing)?"
            r"|comfortable|tired|fatigued?|exhausted|enjoy(?:ed|ing)?|relaxed|motivated|sleepy)\b"
        ),
        "Motion is not a mood: it shows how strongly and how evenly somebody moved, not how that felt.",
        "intensity",
    ),
    CannotTell(
        "whether the person is ill",
        (
            r"\b(?:healthy|health|ill|illness|sick|disease|diagnos\w*|parkinson\w*|injur(?:y|ed)|wounded|broken"
            r"|arthritis|medical|stroke|drunk|pregnan\w+|surger\w+|operated|symptoms?|medication|disab(?:led|ility))\b"
        ),
        "No diagnosis follows from it. What was measured of the gait can be told.",
        "evenness",
    ),
    CannotTell(
        "how warm it was",
        r"\btemperature\b|\bhow (?:warm|cold|hot)\b(?! (?:(?:is|was) the|an?) (?:pace|tempo|movement))|\bcelsius\b"
        r"|\bfahrenheit\b|\bdegrees (?:celsius|fahrenheit)\b",
        _NO_SURROUNDINGS,
        is_of_words=True,
    ),
    CannotTell(
        "what the weather was like",
        r"\bweather\b|\brain(?:ing|ed|y)?\b|\bsun(?:ny)?\b|\bsnow(?:ing|ed)?\b|\bwind(?:y)?\b",
        _NO_SURROUNDINGS,
    ),
    CannotTell(
        "what was worn",
        (
            r"\bwear(?:ing)? (?:on|shoes|boots|clothes|a )|\b(?:shoes?|boots?|sandals|slippers|heels|socks|trousers"
            r"|jacket|skirt|dress)\b|\bbarefoot\b|\bcloth(?:es|ing)\b|\bwhat (?:is|was|am|are) (?:i|he|she|they"
            r"|the person) wearing\b|\bbackpack\b|\bcarry(?:ing)?\b"
        ),
        _NO_SURROUNDINGS,
    ),
    CannotTell(
        "which hand, foot or side it was",
        (
            r"\b(?:left|right)[ -]?(?:or (?:the )?(?:left|right) )?(?:hand(?:ed)?|wrist|arm|foot|feet|leg|knee|hip"
            r"|side|pocket|ankle)\b|\bwhich (?:hand|wrist|arm|foot|leg|knee|side|hip|pocket|ankle)\b"
            r"|\bhanded(?:ness)?\b|\bdominant hand\b|\bleft or right\b|\bright or left\b"
        ),
        "The sensor does not say which side of the body it was on, and a left step looks like a right one.",
        is_of_words=True,
    ),
    CannotTell(
        "what the person was thinking",
        (
            r"\bthink(?:ing|s)?\b(?! (?:i|the|that|this|it|of (?:the|this) recording|step by step))|\bthoughts?\b"
            r"|\bmind\b|\bintend\w*\b|\bplan(?:ning|s|ned)?\b"
        ),
        _NO_BODY,
        is_of_words=True,
    ),
    CannotTell(
        "why it was done",
        (
            r"^(?:and |but |so )?why\b(?!.{0,24}\b(?:think|sure|say|believe|unknown|not tell)\b)|\bwhat for\b"
            r"|\bpurpose\b|\breasons? (?:for|behind|why|(?:was|is|were) (?:the|he|she|i|they)\b)"
            r"|\b(?:for )?what reason\b|\bgoing to work\b|\bwhere to\b"
        ),
        "It shows what was done, not what for.",
        is_of_words=True,
    ),
    CannotTell(
        "what can be heard or seen",
        (
            r"\bmusic\b|\bsongs?\b|\bradio\b|\btelevision\b|\btv\b|\bnois[ey]\b|\bloud\b|\bsounds?\b(?! like)"
            r"|\bhear\b|\bcolou?rs?\b|\bsee(?:ing)? (?:a|the) (?:dog|car|person|tree)|\blooking at\b|\blook like\b"
            r"|\bsurface\b|\bfloor\b|\bgrass\b|\bcarpet\b|\bground\b"
        ),
        _NO_SURROUNDINGS,
        is_of_words=True,
    ),
    CannotTell(
        "who else was there",
        (
            r"\b(?:anyone|anybody|someone|somebody) (?:else|with|next|near|beside|around|walk\w*|there)\b"
            r"|\bhow many people\b|\balone\b|\bwith (?:friends|others|somebody|someone|a dog|my dog|whom|who)\b"
            r"|\bother people\b|\bcompany\b"
        ),
        _NO_SURROUNDINGS,
    ),
    CannotTell(
        "which device it was",
        (
            r"\bwaterproof\b|\b(?:cost|price|expensive|cheap)\b"
            r"|\b(?:which|what) (?:kind of |type of |make of )?(?:phone|device|brand|model|watch|smartphone"
            r"|manufacturer|app|make)\b|\boperating system\b|\bsoftware\b|\bfirmware\b|\biphone\b|\bandroid\b"
            r"|\bbattery\b"
        ),
        "The values do not name the device.",
        is_of_words=True,
    ),
    CannotTell(
        "what comes after the recording",
        (
            r"\bwill (?:i|the person|he|she|they|it|there|happen)\b|\btomorrow\b|\bpredict\b|\bfuture\b"
            r"|\bgoing to (?:do|happen) next\b"
        ),
        "It ends where it ends.",
        is_of_words=True,
    ),
    CannotTell(
        "what was done on other days",
        (
            r"\byesterday\b|\blast (?:week|month|year|night|monday|tuesday|wednesday|thursday|friday|saturday"
            r"|sunday)\b|\bthis week\b|\busually\b|\bnormally\b|\bevery day\b|\bother days\b|\ba typical day\b"
        ),
        "It holds one recording and nothing of other days.",
    ),
    CannotTell(
        "what was eaten or drunk",
        r"\b(?:eat|ate|eaten|drink|drank|drunk|meal|food|breakfast|lunch|dinner|coffee|water)\b",
        _NO_BODY,
    ),
    CannotTell(
        "what was said",
        (
            r"(?<!you )(?<!data )(?<!sensor )(?<!gyroscope )(?<!accelerometer )(?<!signal )\b(?:say|said|saying|speak"
            r"|spoke|spoken|speaking|conversation|whisper\w*|shout\w*|sing(?:ing)?"
            r"|sang)\b(?! (?:about|that|of|if|whether|how|what|which|when|where))|\bon the phone\b|\b(?:did|does|do"
            r"|was|is) \w+(?: \w+)? tell(?:ing)?\b|\b(?:talk|chat)(?:t?ing|t?ed|s)? (?:to|with|about)\b|\btalk(?:ing"
            r"|ed)?\?$"
        ),
        _NO_SURROUNDINGS,
        is_of_words=True,
    ),
    CannotTell(
        "how well the person slept",
        r"\bsleep(?:ing)?\b|\bslept\b|\basleep\b|\bawake\b|\bdream",
        "Lying still looks the same, asleep or awake.",
        "lying",
    ),
    CannotTell(
        "what the person does in life",
        (
            r"\bfor a living\b|\b(?:job|jobs|profession|occupation|employ\w+|married|divorced|spouse|wife|husband"
            r"|children|kids|family|rich|poor|income|salary|wealthy|religio\w+|nationality|citizen\w*|native"
            r"|hobb(?:y|ies)|favou?rite|student|school|university|educat\w+|smoker|vegetarian|political|lonely"
            r"|popular|clever|intelligent)\b"
        ),
        _NO_PERSON,
    ),
    CannotTell(
        "what the number of hidden things is",
        r"\bpasswords?\b|\bphone number\b|\baddress\b|\bemail\b|\bpin\b",
        _NO_SURROUNDINGS,
    ),
)
_CANNOT = tuple((one, re.compile(one.pattern)) for one in CANNOT)
_DATE = re.compile(
    r"\b(?:what|which|on what|on which) (?:day|date|month|year|weekday)\b|\btime of (?:the )?day\b"
    r"|\bwhat time (?:is|was) it\b|\bwhat date\b|\bmorning\b|\bevening\b|\bafternoon\b|\bat night\b"
    r"|\bwhen was (?:this|it|the recording) (?:recorded|made|taken)\b"
)
SOMETHING_ELSE = CannotTell(
    "that", "", "It holds acceleration and angular rate; what was done, and what was measured of it, can be asked for."
)
"""Where no word of a question is about motion: a model that saw motion alone would make its answer up."""
_OF_MOTION = re.compile(
    r"\b(?:mo(?:ve|ves|ved|ving|vement|vements|tion|tions|tionless)|activ\w*|sensor\w*|signal\w*|data|recording\w*"
    r"|record(?:ed|s)?|file|session|timeline|window\w*|segment\w*|stretch\w*|accel\w*|gyro\w*|axis|axes|gravity"
    r"|device|phone|measur\w*|step\w*|stride\w*|gait|rhythm\w*|cadence|pace|posture\w*|intens\w*|exerci\w*|workout"
    r"|train(?:ing|ed)?|sport\w*|fitness|doing|done|happen\w*|going on|up to|event\w*|unusual|strange|odd|anomal\w*"
    r"|problem\w*|interesting|notable|quality|noise|noisy|clean|describe|descri\w*|summar\w*|caption|explain"
    r"|analy[sz]\w*|interpret\w*|show\w*|see|compar\w*|(?:do|did) (?:i|the person|he|she|they|we) do|part\w*"
    r"|minute\w*|second\w*|hour\w*|time|start\w*|end\w*|begin\w*|fall|fell|jump\w*|shak\w*|turn\w*|walk\w*|run\w*"
    r"|sit\w*|stand\w*|lie|lying|stair\w*|still|rest\w*|bump\w*|smooth\w*|rough\w*|fast|slow\w*|hard|easy|strong\w*"
    r"|weak\w*)\b"
)
DATE = CannotTell("when this was recorded", "", "Its clock counts from its own start, and no date stands in the file.")


def cannot_tell(text: str, *, is_of_signal: bool = False) -> CannotTell | None:
    """Return what a plain question asks for that motion cannot tell; None where it may.

    Args:
        text: the question.
        is_of_signal: it asks for what was measured, so that words such as `how high` are said of that.
    """
    return next(
        (one for one, pattern in _CANNOT if pattern.search(text) and not (is_of_signal and one.is_of_words)), None
    )


def is_about_motion(text: str) -> bool:
    """Return whether any word of a plain question is of motion, of what was done, or of the recording."""
    return _OF_MOTION.search(text) is not None


def asks_for_date(text: str) -> bool:
    """Return whether a plain question asks for the date or the time of day, which some recordings hold."""
    return _DATE.search(text) is not None
