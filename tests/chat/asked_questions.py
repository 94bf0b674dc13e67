"""Questions as people type them, and what each must resolve to on `examples/mix.csv`.

A conversation is a list of questions; each has the quantity that is asked for, the activities that it is asked of (with
`#2` for the second time, and `after` or `before` for what comes next to one), and the part of the recording.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """A question and what it resolves to."""

    question: str
    quantity: str | None
    of: str = ""
    where: str = ""
    cannot: str = ""
    """What motion cannot tell."""


CONVERSATIONS: tuple[tuple[Row, ...], ...] = (
    (Row("Which activity took the longest?", "most"),),
    (Row("What does this recording show?", "activity"),),
    (Row("What was the longest rest?", "duration", "at rest"),),
    (Row("Was I ever still for more than a minute?", "whether", "at rest"),),
    (Row("Was I sitting or standing?", "compare", "sitting, standing"),),
    (Row("Compare the first and the second half.", "trend"),),
    (Row("Which way was the phone pointing?", "posture"),),
    (Row("Did I turn around while walking?", "heading", "walking", "while walking"),),
    (
        Row("How long was I walking?", "duration", "walking"),
        Row("and sitting?", "duration", "sitting"),
        Row("and when?", "when", "sitting"),
        Row("How many times did I lie down?", "count", "lying"),
    ),
    (
        Row("What happened at 3:20?", "what", "", "at 3:20"),
        Row("and after that?", "what", "", "after 3:25"),
    ),
    (
        Row("How many steps did I take?", "steps"),
        Row("What was my cadence on the stairs?", "cadence", "on the stairs", "on the stairs"),
        Row("Was my gait even on the stairs?", "evenness", "on the stairs", "on the stairs"),
    ),
    (
        Row("What is my heart rate?", "intensity", "", "", "what the heart rate was"),
        Row("how fast was I walking?", "cadence", "walking", "while walking", "how fast the person moved over ground"),
        Row("How long did I sit the second time?", "duration", "sitting#2"),
        Row("the second time I sat down, what happened afterwards?", "what", "after sitting#2", "after 1:28"),
        Row("What did I do after the second time I sat down?", "what", "after sitting#2", "after 1:28"),
        Row("What did I do between 1:00 and 2:30?", "what", "", "between 1:00 and 2:30"),
        Row("what did i do in the last minute?", "what", "", "between 4:00 and 5:00"),
        Row("When was I most active?", "when"),
        Row("Did I sit longer than I stood?", "compare", "sitting, standing"),
        Row("compare walking and stairs", "compare", "walking, on the stairs"),
        Row("Did I jog?", "whether", "jogging"),
        Row("What did I do most?", "most"),
        Row("What percentage of the time was I sitting?", "share", "sitting"),
        Row("Was I sitting at 1:10?", "whether", "sitting", "at 1:10"),
        Row("How long is the recording?", "length"),
        Row("How many times did I change activity?", "changes"),
        Row("Describe this recording.", "describe"),
        Row("How intense was the movement while walking?", "intensity", "walking", "while walking"),
        Row("When did I first start walking?", "when", "walking#1"),
        Row("When did I stop walking?", "when", "walking"),
        Row("when was the longest stretch of lying", "when", "lying"),
        Row("What was I doing before I walked?", "what", "before walking", "before 2:19"),
        Row("how much time did I spend wlaking?", "duration", "walking"),
        Row("howl ong was i sitting", "duration", "sitting"),
        Row("What was the strongest impact?", "peak"),
        Row("What happened?", "what"),
        Row("Are you sure?", "sure", "", "in these stretches"),
        Row("Is the person healthy?", "evenness", "", "", "whether the person is ill"),
        Row("How many flights of stairs did I climb?", "count", "climbing stairs"),
    ),
    (
        Row("How long did I walk for?", "duration", "walking"),
        Row("for how many seconds was the person on the stairs?", "duration", "on the stairs"),
        Row("total time lying down?", "duration", "lying"),
        Row("How much time did the person spend on their feet?", "duration", "on foot"),
        Row("how long was i standig", "duration", "standing"),
    ),
    (
        Row("whats the duration of the longest walk", "duration", "walking"),
        Row("How long was the longest stretch?", "duration"),
        Row("How long did I sit in the first half?", "duration", "sitting", "between 0:00 and 2:30"),
        Row("how long was I resting", "duration", "at rest"),
        Row("How long did I walk after lying down?", "duration", "walking, after lying", "after 1:03.5"),
    ),
    (
        Row("how many times did the person sit down", "count", "sitting"),
        Row("How often did I climb the stairs?", "count", "climbing stairs"),
        Row("how many walks did I take", "count", "walking"),
        Row("Did I lie down more than once?", "count", "lying"),
    ),
    (
        Row("when did the person start walking?", "when", "walking"),
        Row("At what time did I lie down the second time?", "when", "lying#2"),
        Row("when did i last sit", "when", "sitting#-1"),
        Row("When was the person descending the stairs?", "when", "descending stairs"),
        Row("Where in the recording am I walking?", "when", "walking"),
    ),
    (
        Row("what happend at 3:20", "what", "", "at 3:20"),
        Row("What was I doing at 90 seconds?", "what", "", "at 1:30"),
        Row("What was the person doing at 1 min 30 s?", "what", "", "at 1:30"),
        Row("whats going on at minute 2?", "what", "", "at 2:00"),
        Row("what was going on at 7:00", "what"),
        Row("What did I do in the first 30 seconds?", "what", "", "between 0:00 and 0:30"),
        Row("what happened from 2:00 to 3:00", "what", "", "between 2:00 and 3:00"),
        Row("What was I doing halfway through?", "what", "", "at 2:30"),
        Row("What happened at the end?", "what", "", "between 4:54 and 5:00"),
        Row("what did the person do right before lying down?", "what", "before lying", "before 0:40"),
        Row("What came after the walk?", "what", "after walking", "after 3:06.5"),
        Row("What came next after the third time on the stairs?", "what", "after on the stairs#3", "after 3:38.5"),
    ),
    (
        Row("what was my step rate while walking", "cadence", "walking", "while walking"),
        Row("steps per minute on the stairs?", "cadence", "on the stairs", "on the stairs"),
        Row("How quickly did I step between 2:20 and 3:00?", "cadence", "", "between 2:20 and 3:00"),
        Row("number of steps while walking", "steps", "walking", "while walking"),
        Row("how many steps in the last 30 seconds?", "steps", "", "between 4:30 and 5:00"),
    ),
    (
        Row("how intense was it", "intensity"),
        Row("how hard was I working on the stairs?", "intensity", "on the stairs", "on the stairs"),
        Row("What was the most vigorous part?", "intensity"),
        Row("How much did I move in the first minute?", "intensity", "", "between 0:00 and 1:00"),
        Row("when did I move the least", "when"),
    ),
    (
        Row("was the walking regular?", "evenness", "walking", "while walking"),
        Row("is my gait symmetric?", "evenness"),
        Row("did i limp on the stairs", "evenness", "on the stairs", "on the stairs"),
        Row("How steady was the rhythm while walking?", "evenness", "walking", "while walking"),
    ),
    (
        Row("which did I do longer, sitting or lying?", "compare", "sitting, lying"),
        Row("Did I walk faster than I climbed stairs?", "compare", "walking, climbing stairs"),
        Row("Was I more active on the stairs than walking?", "compare", "on the stairs, walking"),
        Row("difference between climbing and descending stairs", "compare", "climbing stairs, descending stairs"),
        Row("compare the first and the second time I lay down", "compare", "lying#1, lying#2"),
    ),
    (
        Row("what share of the time was I lying?", "share", "lying"),
        Row("how much of the recording is walking", "share", "walking"),
        Row("what percent is each activity?", "share"),
    ),
    (
        Row("was the person sitting at 1:00?", "whether", "sitting", "at 1:00"),
        Row("Did I ever run?", "whether", "jogging"),
        Row("was there any walking in the first minute?", "whether", "walking", "between 0:00 and 1:00"),
        Row("Am I lying at 0:50?", "whether", "lying", "at 0:50"),
        Row("is the person cycling", "whether", "biking"),
    ),
    (
        Row("What activity took the longest?", "most"),
        Row("list the activities in order", "list"),
        Row("give me an overview", "list"),
        Row("What activities did I do?", "list"),
        Row("how many transitions were there", "changes"),
        Row("Are there gaps in the recording?", "gaps"),
        Row("how long does the recording last", "length"),
    ),
    (
        Row("what is my pulse", "intensity", "", "", "what the heart rate was"),
        Row(
            "how many calories did I burn on the stairs?",
            "intensity",
            "on the stairs",
            "on the stairs",
            "how many calories were burned",
        ),
        Row("how far did I walk?", "steps", "walking", "while walking", "how far the person went"),
        Row(
            "what was my speed in km/h while walking?",
            "cadence",
            "walking",
            "while walking",
            "how fast the person moved over ground",
        ),
        Row("which wrist was the sensor on", None, "", "", "which hand, foot or side it was"),
        Row("How do I feel?", "intensity", "", "", "how the person felt"),
        Row("where was I", None, "", "", "where this was recorded"),
        Row("who is this", None, "", "", "who the person is"),
        Row("was I limping because of an injury?", "evenness", "", "", "whether the person is ill"),
        Row("What day was this recorded?", None, "", "", "when this was recorded"),
        Row("how many floors did I climb?", "stairs", "climbing stairs", "", "how high the person climbed"),
        Row("why did I lie down?", None, "lying", "", "why it was done"),
        Row("what will I do next?", None, "", "", "what comes after the recording"),
        Row("was I asleep?", "lying", "asleep", "", "how well the person slept"),
        Row("did I fall?", "whether", "fall"),
    ),
    (
        Row("How long was I sitting?", "duration", "sitting"),
        Row("and lying?", "duration", "lying"),
        Row("and on the stairs?", "duration", "on the stairs"),
        Row("how often?", "count", "on the stairs"),
        Row("and in the last minute?", "count", "on the stairs", "between 4:00 and 5:00"),
        Row("what was the cadence there?", "cadence", "on the stairs", "on the stairs between 4:00 and 5:00"),
    ),
    (
        Row("What was I doing at 2:00?", "what", "", "at 2:00"),
        Row("and before that?", "what", "", "before 1:57"),
        Row("how long did that last?", "duration", "", "in 1:28–1:57"),
        Row("how sure are you?", "sure", "", "in 1:28–1:57"),
    ),
    (
        Row("When did I first lie down?", "when", "lying#1"),
        Row("what happened after that?", "what", "", "after 1:03.5"),
        Row("and then?", "what", "", "after 1:28"),
        Row("why?", "sure", "", "in 1:28–1:57"),
    ),
    (
        Row("What is the person doing?", "activity"),
        Row("Is this recording any good?", None),
        Row("hello", "talk"),
        Row("thank you", "talk"),
        Row("what does an accelerometer measure?", None),
        Row("what is the mean of acc_x while walking?", "statistic", "walking", "while walking"),
    ),
    (
        Row("Did I lie down more than once?", "count", "lying"),
        Row("What was the most vigorous part?", "intensity"),
        Row("when did I move the least", "when"),
        Row("compare the first and the second time I lay down", "compare", "lying#1, lying#2"),
        Row("what percent is each activity?", "share"),
        Row("Did I ever run?", "whether", "jogging"),
        Row("how many transitions were there", "changes"),
    ),
    (
        Row("How far did I walk?", "steps", "walking", "while walking", "how far the person went"),
        Row("and on the stairs?", "steps", "on the stairs", "on the stairs", "how far the person went"),
    ),
    (
        Row("what is the mean of acc_x while walking?", "statistic", "walking", "while walking"),
        Row("hello", "talk"),
        Row("thanks!", "talk"),
    ),
    (
        Row("How long did I stand?", "duration", "standing"),
        Row("and in the second half?", "duration", "standing", "between 2:30 and 5:00"),
        Row("and when?", "when", "standing", "between 2:30 and 5:00"),
    ),
    (
        Row("cadance on the satirs", "cadence", "on the stairs", "on the stairs"),
        Row("how mnay steps did i take while wlaking", "steps", "walking", "while walking"),
        Row("what hapened at 4:10", "what", "", "at 4:10"),
        Row("how logn was i lying", "duration", "lying"),
    ),
    (
        Row("what did I do for the first 40 s?", "what", "", "between 0:00 and 0:40"),
        Row("activity at 100s", "what", "", "at 1:40"),
        Row("1:45 - 2:15", "what", "", "between 1:45 and 2:15"),
        Row(
            "between one minute and two minutes, how long was I sitting", "duration", "sitting", "between 1:00 and 2:00"
        ),
        Row("in the third minute, what was I doing?", "what", "", "between 2:00 and 3:00"),
        Row("how much time standing up until 1:00", "duration", "standing", "between 0:00 and 1:00"),
        Row("after 4:00 how long was I on the stairs", "duration", "on the stairs", "between 4:00 and 5:00"),
    ),
    (
        Row("Which activity came before the second lying?", "what", "before lying#2", "before 1:28"),
        Row("what did I do once I stopped walking?", "what", "after walking", "after 3:06.5"),
        Row("how long was I sitting before I walked?", "duration", "sitting, before walking", "before 2:19"),
    ),
    (
        Row("is there any unknown time?", "whether", "unknown"),
        Row("which activity was longest?", "most"),
        Row("fastest steps?", "cadence"),
        Row("How bumpy was it?", "cadence"),
        Row("did the person stand more than sit", "compare", "standing, sitting"),
        Row("how many minutes was the person inactive", "duration", "at rest"),
        Row("what is happening here", "what"),
        Row("Name the activity.", "activity"),
        Row("write a caption for this recording.", "describe"),
    ),
)
