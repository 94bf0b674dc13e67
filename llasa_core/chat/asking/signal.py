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
    r"| velocity)?|rotat(?:e|es|ed|ing)|turn(?:s|ed|ing)?|spin(?:s|ning)?|spun|rate of (?:turn|rotation)|yaw|pitch"
    r"|roll)"
)
_DEVICE = (
    r"(?:device|sensor|phone|smartphone|unit|watch|imu|instrument|tracker|thing|box|gadget|hardware|apparatus|handset"
    r"|logger)"
)
_IT = rf"(?:(?:the|this|my|that) {_DEVICE}|it|{_DEVICE})"
_TURNS = r"(?:turn|rotat|spin|spun|twist|revolv|swivel|swing|rock|sway)(?:e|es|s|ed|ing|ning|n|ions?)?"
_MOVEMENT = (
    r"(?:movement|motion|activity level|intensity|strength|effort|shaking|signal|acceleration|vigou?r"
    r"|energy|liveliness)"
)
_ON_AXIS = re.compile(
    r"\b(?:acc|gyr|accel|gyro)[ _-]?(?P<a>[xyz])\b|\b(?P<g>[xyz])[ -](?:readings?\b|accelerat|gyro|acc\b|gyr\b"
    r"|angular|rotation)|\b(?P<b>[xyz])[ -]?(?:axis|axes|direction|component|channel|values?)\b|\b(?:axis|axes"
    r"|channel|component) (?P<c>[xyz])\b|\b(?:on|about|along|around|in|of|for|over|and|or) (?:the )?(?P<d>[xyz])\b"
    r"|,\s?(?P<e>[xyz])\b|\b(?P<f>[xyz]),"
)
_EVERY_AXIS = re.compile(r"\b(?:each|every|all(?: the)?(?: three| 3)?|the three) (?:axis|axes|channels?|components?)\b")
_STATISTICS: tuple[tuple[Statistic, re.Pattern[str]], ...] = (
    (
        "std",
        re.compile(
            r"\bstd\b|\bstdev\b|\bsd\b|standard deviation|\bvar(?:y|ies|ied|ying|iation|iability|iance|iable)\b"
            r"|\bfluctuat\w+|\bscatter|\bspread\b|\bdeviat\w+"
        ),
    ),
    (
        "range",
        re.compile(
            r"\brange[sd]?\b|\bbetween (?:which|what)\b|\bfrom (?:what|which)\b|\bspan\w*\b|\bextremes?\b"
            r"|\b(?:min\w*|smallest|lowest)\b[^?]*\b(?:max\w*|largest|highest|biggest)\b"
            r"|\b(?:max\w*|largest|highest)\b[^?]*\b(?:min\w*|smallest|lowest)\b|\blimits\b|\bbounds\b"
        ),
    ),
    (
        "low",
        re.compile(
            r"\bmin(?:imum|ima|imal)?\b|\bsmallest\b|\blowest\b|\bhow low\b|\bdips?\b|\bbottom\b|\bleast\b"
            r"|\bmost negative\b"
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
            rf"\b{_MOVEMENT}\b[^?]*\b(?:grow|fade|chang\w+ (?:between|from|over)|declin|rising|wane|waning|increas"
            rf"|decreas|weaken|strengthen|intensif|build(?:s|ing)? up|d(?:ies|ie|ying) down"
            r"|calm(?:s|ed)? down|settle|rise[sn]?\b|rising|fall(?:s|ing)? off|drop(?:s|ped)?\b|go(?:es)? (?:up|down)"
            r"|tail(?:s|ed)? off|ramp)|\b(?:slow|speed|calm)(?:s|ed|ing)? (?:down"
            r"|up) (?:or \w+ (?:down|up) )?(?:the )?(?:movement|motion)|\b(?:stronger|weaker"
            r"|more (?:vigorous|intense|active)|less (?:vigorous|intense|active)|calmer|livelier"
            r"|quieter)\b[^?]*\b(?:over time|towards? the end|as (?:time|it) (?:goes|went)|with time"
            r"|or (?:weaker|stronger|calmer|less|more)|in the (?:second|latter) half|later on|later|at the end"
            r"|afterwards)\b|\bintensif\w+|\bsecond half'?s?\b[^?]*\bthan\b|\b(?:in )?the (?:second"
            r"|latter) half (?:\w+ )?(?:stronger|weaker|calmer|livelier|quieter)\b|\b(?:first"
            r"|second) half\b[^?]*\b(?:second|first|other|latter)\b(?: half)?"
            r"|\b(?:first|1st) (?:and|with|to|against|versus|vs) (?:the )?(?:second|2nd|last|latter) half\b"
            r"|\b(?:the |both |two )halves\b"
            rf"|\btrend\b|\b(?:get|got|getting|become|became|grow|grew) (?:\w+ )?(?:stronger|weaker|calmer"
            rf"|more (?:vigorous|intense|active)|less (?:vigorous|intense|active))\b(?! than)|\b(?:does|did|do|is|has"
            rf"|have) (?:{_IT}|things|everything|all) (?:grow|grown|calmed down|fade|calm down|slow down|speed up"
            rf"|settle)"
        ),
    ),
    (
        "heading",
        (
            rf"\b(?:about|around|round) (?:the |its |a )?vertical\b|\bheading\b|\bfrom (?:above|the top|overhead)\b"
            rf"|\bbird'?s[ -]eye\b|\b(?:counter-?|anti-?)?clockwise\b|\byaw\b"
            rf"|\bchange(?:s|d)? (?:of |its |in )?(?:direction of travel|course|bearing)"
            rf"|\b{_TURNS} (?:more )?(?:to (?:the|my|its) )?(?:left|right)\b(?! (?:hand|wrist|arm|foot|leg|side of))"
            rf"|\bto (?:which|what) side\b[^?]*\b{_TURNS}|\b(?:left|right)[ -]turns?\b|\bturns? (?:left|right)\b"
            rf"|\bhow far (?:does|did|has|is|was) {_IT} {_TURNS}"
            rf"|\bwhich way (?:does|did|has|is|was) (?:{_IT}|i|the person|he|she|they) {_TURNS}"
            rf"|\b(?:how many|by how many|through how many) degrees\b[^?]*\b{_TURNS}"
            rf"|^(?:(?:and|but|so) )?(?:did|do|does|have|has) (?:{_IT}|i|the person|he|she|they) (?:ever )?"
            r"(?:turn|turned|spin|spun|rotate|rotated)(?: (?:a?round|about|myself|yourself|themselves|itself))*"
            r"(?=\W*$| (?:while|when|during|on|as)\b)"
        ),
    ),
    (
        "moving",
        (
            r"\bmov(?:e|es|ed|ing|ement)\b[^?]*\bor\b[^?]*\b(?:rest|still|stationary|motionless|idle|not move|stay)\b"
            r"|\b(?:at rest|still|stationary|motionless)\b[^?]*\bor\b[^?]*\b(?:mov|in motion)"
        ),
    ),
    (
        "turned",
        (
            rf"\b(?:posture|orientation|attitude|tilt|way up)\b[^?]*\b(?:chang|differ|stay|stays|same|constant|shift"
            rf"|alter|keep|kept|move)|\bchang\w+\b[^?]*\b(?:posture|orientation|attitude|tilt|way up)\b"
            rf"|\bgravity\b[^?]*\b(?:chang|turn|mov|rotat|shift|wander|differ|stay|same)"
            rf"|\b{_IT} (?:\w+ )?(?:flipped|tipped|tilted|turned|reoriented|rotated|moved|put|brought) (?:over|around"
            rf"|upside|from one|to another|into another|in(?:to)? a(?:nother| different| new))|\b(?:rotate|turn|put"
            rf"|bring|move)[sd]? (?:the |my )?{_DEVICE} (?:in)?to (?:a|another|some)\b"
            rf"|\bgravity'?s? direction\b[^?]*\b(?:stay|chang|same)"
            rf"|\b(?:flip|tip|turn|roll)(?:ped|ed|s)? (?:it |the {_DEVICE} |my {_DEVICE} )?(?:over|upside)\b"
            rf"|\b(?:held|kept|stay(?:s|ed)?|remain(?:s|ed)?|carried) (?:in )?(?:the same|one|its) (?:way|orientation"
            rf"|posture|position)\b(?![^?]*\bboth\b)|\b(?:change|changed|changes) (?:its|the) (?:tilt|orientation"
            rf"|posture|position)\b|\bre-?orient|\bhow many degrees\b[^?]*\btilt|\b(?:tilt|tip)(?:ted"
            rf"|ped)?\b[^?]*\bfrom (?:the )?(?:start|beginning) to\b"
        ),
    ),
    (
        "posture",
        (
            rf"\baxis\b[^?]*\b(?:upright|vertical(?:ly)?|gravity|up|down|upwards?|downwards?|sky|ground|floor|ceiling"
            rf"|plumb)\b|\b(?:upright|vertical|up|down|plumb) (?:axis|side|end)\b|\bgravity\b[^?]*\b(?:axis|lie|lies"
            rf"|point|points|act|acts|pull|pulls|direction|posture|orientation)\b|\b(?:direction|axis|posture"
            rf"|orientation)\b[^?]*\bgravity\b|\bhow (?:is|was|did|do|does) (?:\w+ )?(?:the|this|my"
            rf"|that) {_DEVICE} (?:\w+ )?(?:held|oriented|mounted|carried|placed|lying|lie|lies|worn|positioned"
            rf"|turned|aligned|tilted|sit|sitting|fixed)|\b(?:which|what) (?:direction|way) (?:is|was) (?:it )?(?:up"
            rf"|down|gravity)\b|\bpointing (?:up|down|upwards?|downwards?)\b|\brelative to gravity\b|\b(?:which"
            rf"|what) (?:way|side|end|axis)\b[^?]*\b(?:up|down|upwards?|downwards?|upright)\b|\b(?:orientation"
            rf"|posture|attitude|tilt) (?:of|does|did|has|was|is)\b|\b{_DEVICE}'s (?:orientation|posture|attitude)\b"
            rf"|\b(?:what|which) (?:orientation|posture|attitude)\b"
            rf"|\b(?:is|was) {_IT} (?:held |lying |kept )?(?:upright|tilted|upside down|level|flat)\b"
            rf"|\b(?:which|what) (?:way|direction) (?:is|was|did|does) {_IT} (?:\w+ )?(?:point|fac|held|lie|lying)\w*"
        ),
    ),
    (
        "axis",
        (
            r"\b(?:which|what)\b[^?]*\b(?:axis|axes|channel|direction|component)\b[^?]*\b(?:most|strongest|largest"
            r"|biggest|greatest|highest|busiest|dominan\w+|main|more than)\b"
            rf"|\baxis\b[^?]*\b(?:strongest|largest|biggest|highest|most)\b (?:{_ACC}|{_GYR}|signal|movement"
            rf"|variation|swing)"
            r"|\b(?:more|most|mainly) (?:on|about|along|around) (?:one|an?|any|a single|some) axis\b"
            r"|\b(?:strongest|busiest|dominant|main|most (?:active|variable)|liveliest|noisiest"
            r"|principal) (?:\w+ )?(?:axis|channel|direction)\b|\b(?:most|strongest|mainly|mostly|predominantly"
            r"|more)\b[^?]*\b(?:on|about|along|around|in) (?:which|what) (?:axis|channel|direction)\b|\b(?:on|about"
            r"|along|around|in) (?:which|what) (?:axis|axes|channel|direction)\b[^?]*\b(?:var|mov|active|rock|sway"
            r"|shak|turn|rotat|swing|signal|accelerat|happen)|\b(?:axis|axes|channel)\b[^?]*\bstands? out\b"
        ),
    ),
    (
        "evenness",
        (
            r"\b(?:alike|similar|symmetr\w*|asymmetr\w*|equal|the same|matched|differ\w*)\b[^?]*\b(?:steps?|strides?"
            r"|legs?|feet|left and right|right and left)\b(?![^?]*\b(?:both|two) recordings)|\b(?:steps?|strides?"
            r"|legs?|feet|left and right|right and left|one step)\b[^?]*\b(?:alike|similar|symmetr\w*|asymmetr\w*"
            r"|equal|resemble|match|the same|like the|as (?:long|strong|fast|quick|big|even) as)"
        ),
    ),
    (
        "rhythm",
        (
            r"\b(?:a)?rhythmic(?:al|ally)?\b|\b(?:a)?periodic(?:al|ally|ity)?\b|\brepeat(?:s|ed|ing)?\b|\brepetit\w+"
            r"|\brecur\w*|\bhow regular (?:is|was) (?:the |this )?(?:movement|motion|oscillation|signal|swing)"
            r"|\b(?:movement|motion|signal) (?:pattern )?(?:regular|irregular)\b|\bcyclic\w*|\bautocorrelation\b"
            r"|\b(?:any|a|is there|there is|no)\b[^?]*\b(?:rhythm|beat|regular pattern|steady pattern)\b"
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
        "turning",
        (
            rf"\b(?:turning|rotation|rotational|angular|spinning|turn|gyro\w*) (?:rates?|speeds?|velocity)\b"
            rf"|\brates? of (?:turn|rotation)|\bhow (?:fast|quick|quickly|rapidly|slowly|strongly|much) (?:does|did"
            rf"|do|is|was|has|can|were|are) (?:{_IT}|i|the person|he|she|they) (?:being )?{_TURNS}|\bhow (?:fast"
            rf"|quick|quickly|rapidly|slowly)\b[^?]*\b{_TURNS}\b|\b(?:fastest|quickest|highest|largest|strongest"
            rf"|maximum|max|peak|average|mean|typical|top|biggest) (?:turn|rotation|turning|spin|swing|rotating"
            rf"|angular rate|angular velocity|gyro\w*)\b|\bdegrees? (?:a|per|each) second\b|\bdeg/s\b|\bdps\b"
            rf"|\bspeed of (?:rotation|turning|the (?:rotation|turn))\b|\bhow much (?:rotation|turning|spinning)\b"
            rf"|\bangular (?:rate|velocity|speed)\b|\bgyroscope reads?\b"
        ),
    ),
    (
        "moving",
        (
            rf"\b(?:any|some|no) (?:movement|motion)\b(?! (?:in|of) (?:which|what))"
            rf"|\bmov(?:e|es|ed|ing|ement)\b[^?]*\bor\b[^?]*\b(?:rest|still|stationary|motionless|idle|not move"
            rf"|stay)\b|\b(?:at rest|still|stationary|motionless)\b[^?]*\bor\b[^?]*\b(?:mov|in motion)|\b(?:is|was"
            rf"|were|does|did|has|do) {_IT} (?:being |been |ever |really |even |completely |perfectly |lying |kept "
            rf"|held |stay |stays |remain |keep )?(?:mov(?:e|es|ed|ing)|in motion|at rest|resting|still|stationary"
            rf"|motionless|idle|immobile|shaken|unmoved)\b|\b(?:if|whether) {_IT} (?:is|was) (?:in motion|moving"
            rf"|at rest|still)|\b(?:come|comes|came) to (?:a )?(?:rest|halt|standstill)|\b(?:is|was) there (?:ever "
            rf"|really )?(?:movement|motion)\b|\b{_IT} (?:\w+ )?resting\b|\b(?:is|was) {_IT} (?:just "
            rf"|only )?lying (?:around|there|unused)\b|\b(?:mov\w+|motion)\b[^?]*\bor\b[^?]*\b(?:stillness|rest)\b"
            rf"|\b(?:anything|something|nothing) (?:is |was )?(?:mov|happen)"
            rf"|\b(?:if|whether) {_IT} (?:is |was |has |had |have )?(?:been )?mov"
        ),
    ),
    (
        "account",
        (
            r"\b(?:describe|description|summari[sz]e|summary|caption|account|report|explain|analy[sz]e|tell me"
            r"|go through|look at|write up|outline|walk me through|take me through)\b[^?]*\b(?:detail\w*|figures?"
            r"|numbers?|measure\w*|full|fully|complete|accelerometer|gyroscope|sensors? show|signals?|evidence"
            r"|reasons?|step by step|posture|quantitative\w*|values|data say|in turn)\b|\b(?:detailed|full|complete"
            r"|thorough|quantitative) (?:\w+ )?(?:caption|description|account|summary|report|picture|analysis)\b"
            r"|\b(?:how|by what|from what|why) (?:can|could|do|did|would) (?:you|one|we) (?:tell|know|say|see|think"
            r"|believe|conclude)\b|\b(?:give|state|name|list|with|what are|and)\b[^?]*\b(?:your |the )?(?:reasons?"
            r"|evidence|grounds|arguments?|justification)\b|\b(?:that|this|your) (?:conclusion|answer|judg\w+|result"
            r"|verdict)\b|\bjudging (?:by|from)\b[^?]*\b(?:signal|data|readings?|measurements?)|\byour reasoning\b"
            r"|\bwhat do you base\b|\b(?:reason|think) through\b"
            r"|\b(?:back|support|underpin|defend)(?: up)? (?:your|the|that|this)\b"
            r"|\b(?:what|which) (?:observations?|readings?|clues?|signs?|features?)\b[^?]*\b(?:lead|led|tell|show"
            r"|suggest|point|indicat|support)|\b(?:the )?(?:signal|data|sensors?|measurements?|readings?) (?:say|says"
            r"|tell|tells|reveal|reveals|suggest|suggests|indicate)\b|\b(?:what|which|any) (?:\w+ )?(?:evidence"
            r"|reasons?|grounds) (?:is|are|there|do|does|speak)|\bwhat (?:speaks|argues) for\b|\bexplain (?:from|by"
            r"|with|how|why)\b|\bjustify\b|\bstep by step\b|\bone (?:thing|step) at a time\b|\bwhat (?:do|does"
            r"|did) the (?:sensors?|signals?|accelerometer|gyroscope|measurements?|data|numbers) (?:show|say|tell"
            r"|reveal|look like)\b|\bwhat (?:was|is|has been) measured\b|\bwhat makes you (?:think|say)\b"
            r"|\bbased on what\b"
        ),
    ),
    (
        "peak",
        (
            rf"\b(?:peak|largest|biggest|strongest|highest|hardest|maximum|max|maximal|greatest"
            rf"|top)\b[^?]*\b(?:{_ACC}|impact|jolt|shock|force|hit|bump|spike|blow|jerk|knock"
            rf"|g)\b(?! (?:rate|velocity))|\b{_ACC}(?:'s)?[^?]*\b(?:greatest|peak|at most|maximum|max|highest"
            rf"|strongest|largest|biggest)\b|\bhow (?:strong|hard|large|high|big|violent) (?:does|did|was|is|are|were"
            rf"|has) (?:the )?(?:{_ACC}|impacts?|jolts?|shocks?|hit)|\bhow (?:strongly|hard|violently|badly) (?:was"
            rf"|is|were|did) (?:\w+ ){{1,3}}(?:hit|knocked|struck|bumped|jolted|shaken)\b|\bimpacts?\b|\bjolts?\b"
            rf"|\bbumps?\b|\bspikes?\b|\bg-?forces?\b|\bhow many g\b"
        ),
    ),
    (
        "intensity",
        (
            rf"\bamplitude\b|\b(?:strength|size|amount|degree|level) of (?:the )?(?:movement|motion)\b"
            rf"|\b(?:movement|motion) (?:strength|intensity|level)\b|\bhow far off\b[^?]*\b{_ACC}"
            rf"|\b{_ACC}[^?]*\b(?:deviat|var(?:y|ies|ied)|fluctuat|spread|scatter)"
            rf"|\b(?:deviat\w*|variation|variability|fluctuation\w*|standard deviation)\b[^?]*\b{_ACC}|\bmad\b"
            rf"|\bmilli-?g\b|\bmg\b"
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
