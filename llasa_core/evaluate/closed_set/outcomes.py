"""What other prompts, other names and the original's protocol come to, beside the fixed question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.evaluate.closed_set.protocol import UNCLEAR, parsed_class
from llasa_core.evaluate.measured import Share, measure_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.closed_set.class_set import ClassSet, Names
    from llasa_core.evaluate.closed_set.prompts import Prompt
    from llasa_core.evaluate.eval_set import EvalSet


@dataclass(frozen=True)
class PromptOutcome:
    """What comes of one prompt."""

    prompt: Prompt
    accuracy: Share
    agreement: float
    """Share of windows that it names as the question does."""


@dataclass(frozen=True)
class Sensitivity:
    """How much hangs on the words of the question, and on the order of the classes; the question comes first."""

    prompts: Sequence[PromptOutcome]
    averaged: float
    """Accuracy of the likelihoods averaged over all prompts."""

    def range_of(self, varies: str) -> tuple[float, float] | None:
        """Return the least and the most accuracy under prompts of one kind: `wording` (the question too) or `order`."""
        kinds = {varies, "question"} if varies == "wording" else {varies}
        found = [each.accuracy.value for each in self.prompts if each.prompt.varies in kinds]
        return (min(found), max(found)) if found else None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        first = self.prompts[0].accuracy
        return {
            "windows": first.windows,
            "subjects": first.people,
            "accuracy_by_wording": self.range_of("wording"),
            "accuracy_by_order": self.range_of("order"),
            "least_agreement": min(each.agreement for each in self.prompts),
            "accuracy_averaged": self.averaged,
            "prompts": [
                {
                    "varies": each.prompt.varies,
                    "prompt": each.prompt.text,
                    "accuracy": each.accuracy.value,
                    "agreement": each.agreement,
                }
                for each in self.prompts
            ],
        }


@dataclass(frozen=True)
class NamesOutcome:
    """What comes of letting all names of the classes compete."""

    names: tuple[str, ...]
    exact: Share
    """The likeliest of all names is the trained one of the true class."""
    group: Share
    """It is any name of the true class: the class by its likeliest name."""
    summed: float
    """Accuracy where a class is as likely as all of its names together."""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "names": list(self.names),
            "exact": self.exact.as_dict(),
            "group": self.group.as_dict(),
            "accuracy_of_sums": self.summed,
        }


@dataclass(frozen=True)
class ProtocolOutcome:
    """What comes of the original's protocol."""

    accuracy: Share
    unclear: float
    """Share of answers that name no class, which count as wrong."""
    bare: float
    """Accuracy where an answer without the marker counts too, if it is a class and nothing else."""
    likelihood_accuracy: float
    """Of the likeliest class, on the same windows."""
    agreement: float
    """Share of windows where the answer names the likeliest class."""
    texts: Sequence[str]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "accuracy": self.accuracy.value,
            "accuracy_ci": self.accuracy.as_dict()["ci"],
            "windows": self.accuracy.windows,
            "subjects": self.accuracy.people,
            "unclear": self.unclear,
            "accuracy_without_marker": self.bare,
            "accuracy_by_likelihood": self.likelihood_accuracy,
            "agreement_with_likelihood": self.agreement,
        }


def averaged(log_likelihood: np.ndarray) -> np.ndarray:
    """Return the logarithm of the mean likelihood over prompts: [window, prompt, class] -> [window, class]."""
    return np.asarray(np.logaddexp.reduce(log_likelihood, axis=1) - np.log(log_likelihood.shape[1]))


def sensitivity_of(
    log_likelihood: np.ndarray, prompts: Sequence[Prompt], chosen: EvalSet, *, resamples: int, seed: int
) -> Sensitivity:
    """Compare prompts on the same windows: [window, prompt, class]."""
    named = log_likelihood.argmax(2)  # [window, prompt]
    right = named == chosen.truth[:, None]
    outcomes = [
        PromptOutcome(
            prompt,
            measure_share(right[:, number], chosen.subject, resamples, seed),
            float((named[:, number] == named[:, 0]).mean()),
        )
        for number, prompt in enumerate(prompts)
    ]
    return Sensitivity(outcomes, float((averaged(log_likelihood).argmax(1) == chosen.truth).mean()))


def names_outcome(
    log_likelihood: np.ndarray, names: Names, chosen: EvalSet, *, resamples: int, seed: int
) -> NamesOutcome:
    """Let all names compete: [window, name]."""
    likeliest = log_likelihood.argmax(1)
    is_group = names.owner[likeliest] == chosen.truth
    return NamesOutcome(
        names.names,
        exact=measure_share(is_group & names.is_own[likeliest], chosen.subject, resamples, seed),
        group=measure_share(is_group, chosen.subject, resamples, seed),
        summed=float((names.total(log_likelihood).argmax(1) == chosen.truth).mean()),
    )


def protocol_outcome(
    texts: Sequence[str],
    likeliest: np.ndarray,
    class_set: ClassSet,
    chosen: EvalSet,
    *,
    resamples: int,
    seed: int,
) -> ProtocolOutcome:
    """Parse answers, and compare them with the truth and with the likeliest class of each window."""
    named = np.array([parsed_class(text, class_set.classes) for text in texts])
    bare = np.array([parsed_class(text, class_set.classes, needs_marker=False) for text in texts])
    return ProtocolOutcome(
        measure_share(named == chosen.truth, chosen.subject, resamples, seed),
        unclear=float((named == UNCLEAR).mean()),
        bare=float((bare == chosen.truth).mean()),
        likelihood_accuracy=float((likeliest == chosen.truth).mean()),
        agreement=float((named == likeliest).mean()),
        texts=texts,
    )
