"""Likeness of an answer to its reference as texts: ROUGE-L and BERTScore. Neither knows what is true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from llasa_core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import torch

_WORDS = re.compile(r"[a-z0-9]+")
TEXTS_AT_ONCE = 32


def rouge_l(answer: str, reference: str) -> float:
    """Return ROUGE-L, the F1 of the longest common subsequence of words, 0 to 1.

    Words are runs of letters a-z and digits, in lower case, without stemming.

    Source:
        Lin, ROUGE: A Package for Automatic Evaluation of Summaries (2004), 3.1, with β = 1, as Google's `rouge_score`
        has it.
    """
    ours, theirs = _WORDS.findall(answer.lower()), _WORDS.findall(reference.lower())
    if not ours or not theirs:
        return 0.0
    common = _common_subsequence(ours, theirs)
    return 2 * common / (len(ours) + len(theirs))


def bert_scores(answers: Sequence[str], references: Sequence[str], model: Path) -> list[float]:
    """Return BERTScore's F1 of each answer, without idf and without rescaling to a baseline.

    Args:
        answers: texts.
        references: one for each.
        model: folder of a Hugging Face encoder with its tokenizer; its last layer is used. Nothing is downloaded.

    Raises:
        ModelError: there is no such model.

    Source:
        Zhang et al., BERTScore (2020), eq. 1, as `bert_score` 0.3.13 computes it, to 1e-6: each token is matched to the
        most similar one of the other text by the cosine of their vectors; special tokens may be matched to, and are
        not themselves counted. The paper uses a middle layer, chosen for each model.
    """
    vectors = _Vectors(model)
    ours, theirs = vectors.of(answers), vectors.of(references)
    return [_f1(one, other) for one, other in zip(ours, theirs, strict=True)]


def _common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    lengths = [0] * (len(second) + 1)
    for word in first:
        diagonal = 0
        for at, other in enumerate(second, start=1):
            above = lengths[at]
            lengths[at] = diagonal + 1 if word == other else max(above, lengths[at - 1])
            diagonal = above
    return lengths[-1]


class _Text(NamedTuple):
    vectors: np.ndarray
    """[token, width], each of length 1; special tokens too."""
    counts: np.ndarray
    """Bool [token]: no special token."""


class _Vectors:
    """Vectors of texts."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415 - takes seconds, and few want it

        if not (folder / "config.json").is_file():
            raise ModelError(
                "there is no model for BERTScore",
                where=folder,
                fix="name the folder of a Hugging Face encoder in `eval.bertscore_model`, or leave the setting out",
            )
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    def of(self, texts: Sequence[str]) -> list[_Text]:
        """Return the tokens of each text."""
        return [
            text
            for start in range(0, len(texts), TEXTS_AT_ONCE)
            for text in self._batch(list(texts[start : start + TEXTS_AT_ONCE]))
        ]

    def _batch(self, texts: list[str]) -> list[_Text]:
        import torch  # noqa: PLC0415 - as above

        tokens = self._tokenizer(
            texts, return_tensors="pt", padding=True, truncation=True, return_special_tokens_mask=True
        )
        counts = ~tokens.pop("special_tokens_mask").bool()
        is_there = tokens["attention_mask"].bool()
        with torch.inference_mode():
            hidden: torch.Tensor = self._model(**tokens).last_hidden_state.float()
        unit = torch.nn.functional.normalize(hidden, dim=-1)
        return [
            _Text(vectors[which].numpy(), count[which].numpy())
            for vectors, count, which in zip(unit, counts, is_there, strict=True)
        ]


def _f1(answer: _Text, reference: _Text) -> float:
    if not answer.counts.any() or not reference.counts.any():
        return 0.0
    likeness = answer.vectors @ reference.vectors.T
    precision = float(likeness.max(1)[answer.counts].mean())
    recall = float(likeness.max(0)[reference.counts].mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
