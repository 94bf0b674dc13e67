"""Questions that no accelerometer and no gyroscope can answer, and what is said then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llasa_core.data.grounded.measured import Claim, Said

if TYPE_CHECKING:
    from llasa_core.data.grounded.draw import Draw


class Unknown(NamedTuple):
    """Something that motion does not tell."""

    what: str
    """Goes on from "It cannot be told from motion"."""
    questions: tuple[str, ...]


UNKNOWNS = (
    Unknown("who the person is", ("Who is the person?", "What is the person's name?", "Whose recording is this?")),
    Unknown("how old the person is", ("How old is the person?", "What is the age of the wearer?")),
    Unknown("what sex the person is", ("Is this a man or a woman?", "What sex is the wearer?")),
    Unknown("how tall the person is", ("How tall is the person?", "What is the person's height?")),
    Unknown("how heavy the person is", ("How much does the person weigh?", "What is the wearer's weight?")),
    Unknown("where this was recorded", ("Where was this recorded?", "In which city is the person?")),
    Unknown("when this was recorded", ("On which day was this recorded?", "At what time of day was this recorded?")),
    Unknown("how the person feels", ("Is the person happy?", "How does the person feel?", "Is the wearer in pain?")),
    Unknown("what the heart rate is", ("What is the person's heart rate?", "How fast does the heart beat?")),
    Unknown("what the blood pressure is", ("What is the person's blood pressure?",)),
    Unknown("how warm it is", ("How warm is it?", "What is the temperature?")),
    Unknown("what the weather is like", ("What is the weather like?", "Is it raining?")),
    Unknown("what the person wears", ("What is the person wearing?", "Which shoes does the person wear?")),
    Unknown("what the person is thinking", ("What is the person thinking about?", "What does the person plan next?")),
    Unknown("what the person says", ("What is the person saying?", "Who is the person talking to?")),
    Unknown("what can be heard", ("Is there music playing?", "How loud is it?")),
    Unknown("what can be seen", ("What colour is the floor?", "What is the person looking at?")),
    Unknown("who else is there", ("Is anybody else there?", "How many people are in the room?")),
    Unknown("why the person does this", ("Why does the person do this?", "Where is the person going?")),
    Unknown("which device this is", ("Which phone was used?", "What brand is the sensor?")),
    Unknown("how high above the sea this is", ("At what altitude was this recorded?",)),
    Unknown("whether the person is ill", ("Does the person have a disease?", "Is the wearer healthy?")),
    Unknown("what was eaten", ("What did the person eat today?",)),
    Unknown("how fast the person travels", ("How many kilometres an hour is this?", "How far did the person travel?")),
)
ANSWERS = (
    "It cannot be told from motion {what}.",
    "This recording cannot tell {what}: it holds acceleration and angular rate only.",
    "An accelerometer and a gyroscope do not show {what}.",
)


def unanswerable(draw: Draw) -> tuple[str, Said]:
    """Return a question that this recording cannot answer, and an answer that says so."""
    unknown = draw.one(UNKNOWNS)
    answer = draw.one(ANSWERS).format(what=unknown.what)
    return draw.one(unknown.questions), Said(answer, (Claim("unanswerable", unknown.what),))
