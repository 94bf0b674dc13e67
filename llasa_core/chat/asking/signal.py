"""Questions for what the sensors measured: a channel's values, axes, turning, rhythm, rest and the course of strength.

These rules come before all others: what names acceleration, an axis or the device is not about a person's place or
speed, however much `how high does it go` sounds like it.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

SignalQuantity = Literal[
    "account",
    "axis",
    "frequency",
    "heading",
    "moving",
    "peak",
    "posture",
    "rhythm",
    "statistic",
    "trend",
    "turned",
    "turning",
    "intensity",
    "evenness",
]
SIGNAL_QUANTITIES = (
    "account",
    "axis",
    "frequency",
    "heading",
    "moving",
    "posture",
    "rhythm",
    "trend",
    "turned",
    "turning",
)
"""Those that are asked for by these rules alone."""
Statistic = Literal["mean", "std", "low", "high", "range"]

_ACC = r"(?:accelerat\w*|accelerometer|accel|acc(?=\b|_))"
_GYR = (
    r"(?:angular (?:rate|velocity|velocities|speed|motion)|gyro\w*|gyr(?=\b|_)|rotation(?:al|s)?(?: rate| speed"
    r"| velocity)?"
    r"|rotat(?:e|es|ed|ing)|turn(?:s|ed|ing)?|spin(?:s|ning)?|spun|rate of (?:turn|rotation)|yaw|pitch|roll)"
)
_DEVICE = r"(?:device|sensor|phone|smartphone|unit|watch|imu|instrument|tracker|thing|box)"
_IT = rf"(?:(?:the|this|my|that) {_DEVICE}|it|{_DEVICE})"
_TURNS = r"(?:turn|rotat|spin|spun|twist|revolv|swivel|swing|rock|sway)(?:e|es|s|ed|ing|ning|n)?"
_MOVEMENT = r"(?:movement|motion|activity level|intensity|strength|effort|shaking|signal|acceleration|vigou?r)"
_ON_AXIS = re.compile(
    r"\b(?:acc|gyr|accel|gyro)[ _-]?(?P<a>[xyz])\b|\b(?P<b>[xyz])[ -]?(?:axis|axes|direction|component|channel"
    r"|values?)\b"
    r"|\b(?:axis|axes|channel|component) (?P<c>[xyz])\b"
    r"|\b(?:on|about|along|around|in|of|for|over|and|or) (?:the )?(?P<d>[xyz])\b|,\s?(?P<e>[xyz])\b|\b(?P<f>[xyz]),"
)
_EVERY_AXIS = re.compile(r"\b(?:each|every|all(?: the)?(?: three| 3)?|the three) (?:axis|axes|channels?|components?)\b")
_STATISTICS: tuple[tuple[Statistic, re.Pattern[str]], ...] = (
    (
        "std",
        re.compile(
            r"\bstd\b|\bstdev\b|\bsd\b|standard deviation|\bvar(?:y|ies|ied|ying|iation|iability|iance)\b"
            r"|\bfluctuat\w+|\bscatter|\bspread\b|\bdeviat\w+"
        ),
    ),
    (
        "range",
        re.compile(
            r"\brange[sd]?\b|\bbetween (?:which|what)\b|\bfrom what\b|\bfrom which\b|\bspan\w*\b|\bextremes?\b"
            r"|\b(?:min\w*|smallest|lowest)\b[^?]*\b(?:max\w*|largest|highest|biggest)\b"
            r"|\b(?:max\w*|largest|highest)\b[^?]*\b(?:min\w*|smallest|lowest)\b|\blimits\b|\bbounds\b"
        ),
    ),
    (
        "low",
        re.compile(
            r"\bmin(?:imum|ima|imal)?\b|\bsmallest\b|\blowest\b|\bhow low\b|\bbottom\b|\bleast\b|\bmost negative\b"
        ),
    ),
    (
        "high",
        re.compile(
            r"\bmax(?:imum|ima|imal)?\b|\blargest\b|\bhighest\b|\bbiggest\b|\bgreatest\b|\bhow high\b|\bpeaks?\b"
            r"|\btop\b|\bat most\b|\bfastest\b|\bquickest\b|\bstrongest\b"
        ),
    ),
    (
        "mean",
        re.compile(
            r"\bmeans?\b|\baverage[sd]?\b|\bmedian\b|\btypical(?:ly)?\b|\busual(?:ly)?\b"
            r"|\bhow (?:large|big|strong|great)\b|\bvalues? of\b|\blevel of\b"
        ),
    ),
)
_GAIT = r"\b(?:gait|steps?|stepping|strides?|walk\w*|stairs?|legs?|feet|foot|footsteps?|limp\w*)\b"
_RULES: tuple[tuple[SignalQuantity, str], ...] = (
    (
        "trend",
        (
            rf"\b{_MOVEMENT}\b[^?]*\b(?:grow|fade|increas|decreas|weaken|strengthen|intensif|build(?:s|ing)? up|d(?:ies"
            rf"|ie|ying) down"
            r"|calm(?:s|ed)? down|settle|rise[sn]?\b|rising|fall(?:s|ing)? off|drop(?:s|ped)?\b|go(?:es)? (?:up|down)"
            r"|tail(?:s|ed)? off|ramp)"
            r"|\b(?:stronger|weaker|more (?:vigorous|intense|active)|less (?:vigorous|intense|active)|calmer|livelier"
            r"|quieter)\b[^?]*\b(?:over time|towards? the end|as (?:time|it) (?:goes|went)|with time|or (?:weaker"
            r"|stronger|calmer"
            r"|less|more)|in the (?:second|latter) half|later on|at the end)\b"
            r"|\b(?:first|second) half\b[^?]*\b(?:second|first|other|latter)\b(?: half)?"
            rf"|\btrend\b|\b(?:get|got|getting|become|became|grow|grew) (?:\w+ )?(?:stronger|weaker|calmer"
            rf"|more (?:vigorous"
            rf"|intense|active)|less (?:vigorous|intense|active))\b(?! than)"
            rf"|\b(?:does|did|do|is) {_IT} (?:grow|fade|calm down|slow down|speed up|settle)"
        ),
    ),
    (
        "heading",
        (
            rf"\b(?:about|around|round) (?:the |its |a )?vertical\b|\bheading\b|\bfrom above\b|\bbird'?s[ -]eye\b"
            rf"|\b(?:counter-?|anti-?)?clockwise\b|\byaw\b|\bchange(?:s|d)? (?:of |its |in )?(?:direction of travel"
            rf"|course|bearing)"
            rf"|\b{_TURNS} (?:more )?(?:to (?:the|my|its) )?(?:left|right)\b(?! (?:hand|wrist|arm|foot|leg|side of))"
            rf"|\b(?:left|right)[ -]turns?\b|\bturns? (?:left|right)\b|\bhow far (?:does|did|has|is|was) {_IT} {_TURNS}"
            rf"|\bwhich way (?:does|did|has|is|was) (?:{_IT}|i|the person|he|she|they) {_TURNS}"
            rf"|\b(?:how many|by how many|through how many) degrees\b[^?]*\b{_TURNS}"
        ),
    ),
    (
        "turned",
        (
            rf"\b(?:posture|orientation|attitude|tilt|way up)\b[^?]*\b(?:chang|differ|stay|stays|same|constant|shift"
            rf"|alter|keep|kept|move)"
            rf"|\bchang\w+\b[^?]*\b(?:posture|orientation|attitude|tilt|way up)\b"
            rf"|\bgravity\b[^?]*\b(?:chang|turn|mov|rotat|shift|wander|differ|stay|same)"
            rf"|\b{_IT} (?:\w+ )?(?:flipped|tipped|tilted|turned|reoriented|rotated|moved|put|brought) (?:over|around"
            rf"|upside|from one|to another"
            rf"|into another|in(?:to)? a(?:nother| different| new))"
            rf"|\b(?:flip|tip|turn|roll)(?:ped|ed|s)? (?:it |the {_DEVICE} |my {_DEVICE} )?(?:over|upside)\b"
            rf"|\b(?:held|kept|stay(?:s|ed)?|remain(?:s|ed)?|carried) (?:in )?(?:the same|one|its) (?:way|orientation"
            rf"|posture|position)\b"
            rf"(?![^?]*\bboth\b)|\b(?:change|changed|changes) (?:its|the) (?:tilt|orientation|posture|position)\b"
            rf"|\bre-?orient"
        ),
    ),
    (
        "posture",
        (
            rf"\baxis\b[^?]*\b(?:upright|vertical(?:ly)?|gravity|up|down|upwards?|downwards?|sky|ground|floor|ceiling"
            rf"|plumb)\b"
            rf"|\b(?:upright|vertical|up|down|plumb) (?:axis|side|end)\b"
            rf"|\bgravity\b[^?]*\b(?:axis|lie|lies|point|points|act|acts|pull|pulls|direction)"
            rf"|\bhow (?:is|was|did|do|does) (?:\w+ )?(?:the|this|my|that) {_DEVICE} (?:\w+ )?(?:held|oriented|mounted"
            rf"|carried|placed"
            rf"|lying|lie|lies|worn|positioned|turned|aligned|tilted|sit|sitting|fixed)"
            rf"|\b(?:which|what) (?:way|side|end|axis)\b[^?]*\b(?:up|down|upwards?|downwards?|upright)\b"
            rf"|\b(?:orientation|posture|attitude|tilt) (?:of|does|did|has|was|is)\b|\b{_DEVICE}'s (?:orientation"
            rf"|posture|attitude)\b"
            rf"|\b(?:what|which) (?:orientation|posture|attitude)\b|\b(?:is|was) {_IT} (?:held )?(?:upright|tilted"
            rf"|upside down"
            rf"|level|flat)\b"
        ),
    ),
    (
        "axis",
        (
            r"\b(?:which|what)\b[^?]*\b(?:axis|axes|channel|direction|component)\b[^?]*\b(?:most|strongest|largest"
            r"|biggest|greatest"
            r"|highest|busiest|dominan\w+|main|more than)\b"
            r"|\b(?:strongest|busiest|dominant|main|most active|liveliest|noisiest|principal) (?:axis|channel"
            r"|direction)\b"
            r"|\b(?:most|strongest|mainly|mostly|predominantly|more)\b[^?]*\b(?:on|about|along|around|in) (?:which"
            r"|what) (?:axis|channel"
            r"|direction)\b"
            r"|\b(?:on|about|along|around|in) (?:which|what) (?:axis|axes|channel|direction)\b[^?]*\b(?:var|mov|active"
            r"|rock|sway|shak|turn"
            r"|rotat|swing|signal|accelerat|happen)"
            r"|\b(?:axis|axes|channel)\b[^?]*\bstands? out\b"
        ),
    ),
    (
        "frequency",
        (
            r"(?<!step )(?<!stepping )\bfrequenc(?:y|ies)\b|\bspectr(?:um|al|a)\b|\bhertz\b|\bhz\b|\boscillat\w*"
            r"|\b(?:how many|number of) (?:cycles|oscillations|vibrations|beats)\b|\bcycles? (?:a|per|each) second\b"
            r"|\bhow many times (?:a|per|each) second\b|\bhow fast does (?:the )?(?:acceleration|signal"
            r"|movement) (?:oscillat|repeat|beat|swing)"
        ),
    ),
    (
        "evenness",
        (
            r"\b(?:alike|similar|symmetr\w*|asymmetr\w*|equal|the same|matched|differ\w*)\b[^?]*\b(?:steps?|strides?"
            r"|legs?|feet|left and right"
            r"|right and left)\b(?![^?]*\b(?:both|two) recordings)"
            r"|\b(?:steps?|strides?|left and right|right and left|one step)\b[^?]*\b(?:alike|similar|symmetr\w*"
            r"|asymmetr\w*|equal|resemble|match)"
        ),
    ),
    (
        "rhythm",
        (
            r"\b(?:a)?rhythmic(?:al|ally)?\b|\b(?:a)?periodic(?:al|ally|ity)?\b|\brepeat(?:s|ed|ing)?\b|\brepetit\w+"
            r"|\bcyclic\w*"
            r"|\bautocorrelation\b|\b(?:any|a|is there|there is|no)\b[^?]*\b(?:rhythm|beat|regular pattern"
            r"|steady pattern)\b"
        ),
    ),
    (
        "turning",
        (
            rf"\b(?:turning|rotation|rotational|angular|spinning|turn|gyro\w*) (?:rates?|speeds?|velocity)\b"
            rf"|\brates? of (?:turn|rotation)"
            rf"|\bhow (?:fast|quick|quickly|rapidly|slowly|strongly|much) (?:does|did|do|is|was|has|can|were|are) "
            rf"(?:{_IT}|i|the person|he|she|they) (?:being )?{_TURNS}"
            rf"|\b(?:fastest|quickest|highest|largest|strongest|maximum|max|peak|average|mean|typical|top"
            rf"|biggest) (?:turn|rotation|turning|spin|swing"
            rf"|rotating|angular rate|angular velocity|gyro\w*)\b|\bdegrees? (?:a|per|each) second\b|\bdeg/s\b|\bdps\b"
            rf"|\bhow much (?:rotation|turning|spinning)\b|\bangular (?:rate|velocity|speed)\b|\bgyroscope reads?\b"
        ),
    ),
    (
        "moving",
        (
            rf"\b(?:any|some|no) (?:movement|motion)\b(?! (?:in|of) (?:which|what))|\bmov(?:e|es|ed|ing"
            rf"|ement)\b[^?]*\bor\b[^?]*\b(?:rest|still|stationary|motionless|idle"
            rf"|not move|stay)\b|\b(?:at rest|still|stationary|motionless)\b[^?]*\bor\b[^?]*\b(?:mov|in motion)"
            rf"|\b(?:is|was|were|does|did|has|do) {_IT} (?:being |been |ever |really |even |completely |perfectly "
            rf"|lying |kept |held "
            rf"|stay |stays |remain |keep )?(?:mov(?:e|es|ed|ing)|in motion|at rest|resting|still|stationary|motionless"
            rf"|idle|immobile|shaken|unmoved)\b"
            rf"|\b(?:anything|something) (?:mov|happen)"
        ),
    ),
    (
        "account",
        (
            r"\b(?:describe|description|summari[sz]e|summary|caption|account|report|explain|analy[sz]e|tell me"
            r"|go through|look at|write up|outline"
            r"|walk me through|take me through)\b"
            r"[^?]*\b(?:detail\w*|figures?|numbers?|measure\w*|full|fully|complete|accelerometer|gyroscope"
            r"|sensors? show|signals?|evidence|reasons?"
            r"|step by step|posture|quantitative\w*|values|data say|in turn)\b"
            r"|\b(?:detailed|full|complete|thorough|quantitative) (?:\w+ )?(?:caption|description|account|summary"
            r"|report|picture|analysis)\b"
            r"|\b(?:how|by what|from what|why) (?:can|could|do|did|would) (?:you|one|we) (?:tell|know|say|see|think"
            r"|believe|conclude)\b"
            r"|\b(?:give|state|name|list|with|what are|and)\b[^?]*\b(?:your |the )?(?:reasons?|evidence|grounds"
            r"|arguments?|justification)\b"
            r"|\bwhat (?:speaks|argues) for\b|\bexplain (?:from|by|with|how|why)\b|\bjustify\b|\bstep by step\b"
            r"|\bone (?:thing|step) at a time\b"
            r"|\bwhat (?:do|does|did) the (?:sensors?|signals?|accelerometer|gyroscope|measurements?|data"
            r"|numbers) (?:show|say|tell|reveal|look like)\b"
            r"|\bwhat (?:was|is|has been) measured\b|\bwhat makes you (?:think|say)\b|\bbased on what\b"
        ),
    ),
    (
        "peak",
        (
            rf"\b(?:peak|largest|biggest|strongest|highest|hardest|maximum|max|maximal|greatest|top)\b[^?]*\b(?:{_ACC}"
            rf"|impact|jolt|shock|force|hit|bump"
            rf"|spike|blow|jerk|knock|g)\b(?! (?:rate|velocity))|\b{_ACC}[^?]*\b(?:peak|at most|maximum|max|highest"
            rf"|strongest|largest|biggest)\b"
            rf"|\bhow (?:strong|hard|large|high|big|violent) (?:does|did|was|is|are|were|has) (?:the )?(?:{_ACC}"
            rf"|impacts?|jolts?|shocks?|movement|hit)"
            rf"|\bimpacts?\b|\bjolts?\b|\bbumps?\b|\bspikes?\b|\bg-?forces?\b|\bhow many g\b"
        ),
    ),
    (
        "intensity",
        (
            rf"\bamplitude\b|\b{_ACC}[^?]*\b(?:deviat|var(?:y|ies|ied)|fluctuat|spread|scatter)|\b(?:deviat\w*"
            rf"|variation|variability|fluctuation\w*|standard"
            rf" deviation)\b[^?]*\b{_ACC}|\bmad\b|\bmilli-?g\b|\bmg\b"
        ),
    ),
)
_PATTERNS = tuple((name, re.compile(pattern)) for name, pattern in _RULES)
_SENSOR = re.compile(rf"\b(?:(?P<acc>{_ACC})|(?P<gyr>{_GYR}))")
_TURNS_ABOUT = re.compile(r"\b(?:rock|sway|swing|tilt|twist|about (?:which|what)|around (?:which|what))")
_OF_RECORDINGS = re.compile(
    r"\bboth\b|\b(?:two|three|four|these|all) (?:recordings|files|sessions|parts)\b|\brecordings\b"
)
_IS_OF_GAIT = re.compile(_GAIT)


class OfSignal(NamedTuple):
    """Which sensor, axes and statistic a question names."""

    sensor: str = ""
    """`acc` or `gyr`."""
    axes: str = ""
    """Such as `x` and `xz`."""
    statistic: Statistic | None = None

    @property
    def is_of_channel(self) -> bool:
        """Whether it names a channel."""
        return bool(self.sensor and self.axes)

    def over(self, before: OfSignal) -> OfSignal:
        """Return what is asked for where this leaves out what was named before."""
        return OfSignal(self.sensor or before.sensor, self.axes or before.axes, self.statistic or before.statistic)


NOTHING_NAMED = OfSignal()


def of_signal(text: str) -> OfSignal:
    """Return which sensor, axes and statistic a plain question names."""
    axes = "".join(sorted({axis for match in _ON_AXIS.finditer(text) for axis in match.groups() if axis}))
    if _EVERY_AXIS.search(text):
        axes = "xyz"
    found = _SENSOR.search(text)
    sensor = "" if found is None else "acc" if found["acc"] else "gyr"
    if not sensor and _TURNS_ABOUT.search(text):
        sensor = "gyr"
    statistic = next((name for name, pattern in _STATISTICS if pattern.search(text)), None)
    return OfSignal(sensor, axes, statistic)


def signal_quantity_of(text: str) -> SignalQuantity | None:
    """Return what of the signal a plain question asks for; None where it asks for something else."""
    of = of_signal(text)
    if of.is_of_channel and of.statistic is not None:
        return "statistic"
    found = next((name for name, pattern in _PATTERNS if pattern.search(text)), None)
    if found in {"posture", "turned"} and _OF_RECORDINGS.search(text):
        return None  # they are compared
    if found == "rhythm" and _IS_OF_GAIT.search(text):
        return "evenness"  # the rhythm of steps
    return found
