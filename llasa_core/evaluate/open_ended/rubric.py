"""The rubric: four scores by rules alone, from what an answer claims and what was measured; no network, no model."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.data.audit.claims import SAID_ONLY
from llasa_core.evaluate.open_ended.claims.parsing import UNANSWERABLE, asked_facts, claims_of
from llasa_core.evaluate.open_ended.scores import HIGHEST, Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.open_ended.case import Answered, Case
    from llasa_core.evaluate.open_ended.claims.found import Found

ANSWERS, ENDS, NOT_REPEATED = 50, 25, 25
"""What helpfulness is made of; an answer to something else has none of it."""
REPEATED_WORDS = 4
"""Words in a row that a text says again when it repeats itself."""
REPEATED_SHARE = 0.2
"""Share of such runs that have stood before, from which on a text repeats itself."""
AT_REST = ("walking", "climbing stairs", "descending stairs", "jogging")
"""Activities that contradict a device at rest."""
ALSO_SAID_BY = {"cadence_spm": ("step_hz",), "step_hz": ("cadence_spm",), "moving": ("intensity",)}
"""Facts that another one states as well."""


@dataclass(frozen=True)
class Graded:
    """The scores of one answer, and what they come from."""

    scores: Scores
    found: tuple[Found, ...]
    """What the answer claims."""
    missing: tuple[str, ...]
    """Facts of the reference that the answer does not state rightly."""

    @property
    def n_right(self) -> int:
        """Claims that are so."""
        return self._count("right")

    @property
    def n_wrong(self) -> int:
        """Claims that are not so."""
        return self._count("wrong")

    @property
    def n_unsupported(self) -> int:
        """Claims that the sensor cannot show."""
        return self._count("unsupported")

    def _count(self, verdict: str) -> int:
        return sum(claim.verdict == verdict for claim in self.found if not claim.is_implied)


def grade(case: Case, answer: Answered) -> Graded:
    """Return the four scores of an answer; an empty one gets 0 throughout.

    - Correctness: the share of its claims that are right; without a claim 0.
    - Completeness: the share of the reference's claims that the answer makes too, and rightly.
    - Consistency: the share of its claims that no other claim of it contradicts; without a claim 0. Claims contradict
      each other that give one fact two values, or that let a device at rest step.
    - Helpfulness: 50 for saying anything, right or wrong, of a fact that was asked for; then 25 more if it ended by
      itself, and 25 if it does not repeat itself.
    """
    found = tuple(claims_of(case, answer.text))
    stated = [claim for claim in found if not claim.is_implied]
    wanted = essential(case.item.claims)
    missing = [claim for claim in wanted if not _is_made(claim, found)]
    n_right = sum(claim.verdict == "right" for claim in stated)
    scores = Scores(
        correctness=_percent(n_right, len(stated)),
        completeness=_percent(len(wanted) - len(missing), len(wanted)),
        consistency=_percent(len(stated) - len(_contradicting(stated)), len(stated)),
        helpfulness=_helpfulness(case, answer, found),
    )
    return Graded(scores, found, tuple(claim["fact"] for claim in missing))


def essential(claims: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the claims of a reference that an answer has to make.

    Not what only was asked; not the cadence that one of two windows lacks, as who says which is faster says it; and
    not why there is no value.
    """
    said = [claim for claim in claims if claim["fact"] == UNANSWERABLE or claim["fact"] not in SAID_ONLY]
    has_none = [claim for claim in said if claim.get("value", 0) is None]
    if any(claim["fact"] == "faster" for claim in said):
        return [claim for claim in said if claim["fact"] != "cadence_spm" or claim not in has_none]
    return [claim for claim in said if not has_none or claim["fact"] != "moving"]


def repeats_itself(text: str) -> bool:
    """Return whether many of a text's runs of four words have stood in it before."""
    words = text.lower().split()
    runs = Counter(tuple(words[at : at + REPEATED_WORDS]) for at in range(len(words) - REPEATED_WORDS + 1))
    n_runs = sum(runs.values())
    return n_runs > 0 and (n_runs - len(runs)) / n_runs > REPEATED_SHARE


def _is_made(claim: dict[str, Any], found: Sequence[Found]) -> bool:
    place = claim["fact"], claim.get("window", 0), claim.get("channel", "")
    others = {(other, *place[1:]) for other in ALSO_SAID_BY.get(claim["fact"], ())}
    return any(one.verdict == "right" and (one.place == place or one.place in others) for one in found)


def _contradicting(stated: Sequence[Found]) -> set[Found]:
    values: dict[tuple[str, int, str], set[Any]] = defaultdict(set)
    for claim in stated:
        if claim.fact:
            values[claim.place].add(claim.value)
    bad = {claim for claim in stated if claim.fact and len(values[claim.place]) > 1}
    at_rest = [claim for claim in stated if (claim.fact, claim.value) in {("moving", False), ("intensity", "still")}]
    for rest in at_rest:
        steps = [claim for claim in stated if claim.window == rest.window and _steps(claim)]
        bad |= {rest, *steps} if steps else set()
    return bad


def _steps(claim: Found) -> bool:
    return (
        (claim.fact in {"cadence_spm", "step_hz"} and claim.value is not None)
        or (claim.fact == "rhythmic" and claim.value is True)
        or (claim.fact == "activity" and claim.value in AT_REST)
    )


def _helpfulness(case: Case, answer: Answered, found: Sequence[Found]) -> float:
    asked = asked_facts(case)
    speaks_of_it = any(claim.fact in asked or claim.fact == "answer" for claim in found if not claim.is_implied)
    if case.item.kind == UNANSWERABLE:  # any words are about what was asked; only declining answers it
        speaks_of_it = any(claim.fact == UNANSWERABLE and claim.verdict == "right" for claim in found)
    if not answer.text or not speaks_of_it:
        return 0.0
    return float(ANSWERS + ENDS * answer.is_ended + NOT_REPEATED * (not repeats_itself(answer.text)))


def _percent(part: int, whole: int) -> float:
    return HIGHEST * part / whole if whole else 0.0
