"""A model behind an endpoint that answers the same questions from the readings as text, to be compared with."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from llasa_core.data.facts import DEFINITIONS
from llasa_core.data.llm_written.endpoint import Request
from llasa_core.data.llm_written.fact_lines import excerpt_lines
from llasa_core.data.llm_written.reply import object_schema
from llasa_core.evaluate.open_ended.judge.asking import Asked
from llasa_core.evaluate.open_ended.judge.prompts import TEMPERATURE, name_of
from llasa_core.evaluate.open_ended.judge.reply import Unusable, named_object

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.open_ended.case import Case
    from llasa_core.evaluate.open_ended.judge.asking import Judges, Told

MAX_TOKENS = 600
NO_ANSWER = "an answer that is no text"
_TEXT = {"type": "string"}
SCHEMA = object_schema({"id": _TEXT, "answer": _TEXT})

SYSTEM = """\
You answer questions about recordings of a body-worn motion sensor from their readings: accelerometer in m/s² with \
gravity, gyroscope in rad/s, each line the mean of about a tenth of a second. The person does one of these: {names}.

Measures that questions speak of:
{measures}

Answer what is asked in one or two plain sentences, with the numbers that you can derive and their units. Where motion \
cannot tell, say so."""


def rival_answers(
    cases: Sequence[Case], store: WindowStore, model: str, judges: Judges, tell: Callable[[int], None]
) -> list[Told[str]]:
    """Return what a model answers, who reads numbers; one for each question, or why there is none.

    It gets neither the label nor the measured facts: those are what it is asked for.

    Args:
        cases: the questions.
        store: has their windows.
        model: as the endpoint names it.
        judges: ask it, and keep what it answers.
        tell: told of each answer.

    Raises:
        LlasaError: the endpoint answers nothing any more; what was answered is kept.
    """
    asked = []
    for case in cases:
        name, request = rival_request(case, store.take(case.item.rows), model)
        asked.append(Asked(request, partial(read_answer, name=name)))
    return judges.ask(asked, tell)


def rival_request(case: Case, samples: np.ndarray, model: str) -> tuple[str, Request]:
    """Return the name that an answer must repeat, and the request; `samples` is [window, time, channel]."""
    name = name_of("answer", case.item.id)
    lines = []
    for nth, window in enumerate(samples, start=1):
        of = f" {nth}" if len(samples) > 1 else ""
        lines += [f"Recording{of} ({case.window_s:g} s):", *excerpt_lines(window, case.window_s), ""]
    lines += [
        f"Question: {json.dumps(case.item.question, ensure_ascii=False)}",
        f'Reply with one JSON object and nothing around it: "id", which is "{name}", and "answer".',
    ]
    measures = "\n".join(f"- {fact} ({known.unit}): {known.text}" for fact, known in DEFINITIONS.items())
    system = SYSTEM.format(names=", ".join(case.activities), measures=measures)
    return name, Request(model, (("system", system), ("user", "\n".join(lines))), SCHEMA, MAX_TOKENS, TEMPERATURE)


def read_answer(text: str, name: str) -> str:
    """Return an answer.

    Raises:
        Unusable: it is not what was asked for.
    """
    answer = named_object(text, name, {"answer"})["answer"]
    if not isinstance(answer, str) or not answer.strip():
        raise Unusable(NO_ANSWER)
    return answer.strip()
