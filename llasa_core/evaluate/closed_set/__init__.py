"""Which of some activities it is: every class's name is scored as the answer, and no text is parsed."""

from llasa_core.evaluate.closed_set.probabilities import Score, class_probabilities

__all__ = ["Score", "class_probabilities"]
