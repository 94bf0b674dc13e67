"""How likely is each of several answers: all of them in one forward, under a tree mask.

A prompt falls into three parts: the text before the first window, which is the same for all samples and is computed
once; the windows; and the rest of the prompt with all answers behind it, which grow into a tree. A token sees its own
branch, not the others, and counts its positions along it. This equals one forward for each answer.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from llasa_core.errors import ModelError
from llasa_core.model.answer_tree import Branch, Tree
from llasa_core.model.collate import Sample, collate, encode, length_of
from llasa_core.model.multimodal import tokens_per_window
from llasa_core.model.prompt import SENSOR_ID, Encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.data.qa import Turn
    from llasa_core.model.multimodal import LlasaModel

POSITIONS_PER_FORWARD = 4096
LOGITS_AT_ONCE = 2**24
"""Held in float32 at once, 64 MiB; a vocabulary has up to 256,000."""


def score_choices(
    model: LlasaModel,
    samples: Sequence[Sample],
    choices: Sequence[str],
    progress: Callable[[int], None] = lambda _n: None,
) -> np.ndarray:
    """Return the log-likelihood of each choice as the next answer, its end of turn included.

    Args:
        model: from `load_any`.
        samples: conversations that end with a question; those with the same text are computed together.
        choices: the answers, as the model was trained to write them.
        progress: told how many more samples are done.

    Returns:
        float64 `[sample, choice]`.

    Raises:
        ModelError: no choices, or a prompt whose placeholders do not match its windows.
    """
    scores = np.empty((len(samples), len(choices)))
    alike: dict[tuple[tuple[Turn, ...], tuple[int, ...]], list[int]] = defaultdict(list)
    for row, sample in enumerate(samples):
        alike[sample.turns, sample.windows.shape[:2]].append(row)
    for (turns, _), rows in alike.items():
        scores[rows] = score_prompts(model, [samples[row].windows for row in rows], [turns], choices, progress)[:, 0]
    return scores


def score_prompts(
    model: LlasaModel,
    windows: Sequence[np.ndarray],
    prompts: Sequence[Sequence[Turn]],
    choices: Sequence[str],
    progress: Callable[[int], None] = lambda _n: None,
) -> np.ndarray:
    """Return the log-likelihood of each choice behind each of several prompts about the same windows.

    Args:
        model: from `load_any`.
        windows: float32 `[window, time, channel]` for each sample, all of one shape.
        prompts: conversations that end with a question; where they begin alike, that is computed once.
        choices: the answers, as the model was trained to write them.
        progress: told how many more samples are done, once for each group of prompts that begin alike.

    Returns:
        float64 `[sample, prompt, choice]`.

    Raises:
        ModelError: no choices, or a prompt whose placeholders do not match its windows.
    """
    if not choices:
        raise ModelError("there are no choices to score", fix="name at least one class")
    answers = [model.template.encode_answer(choice) for choice in choices]
    scores = np.empty((len(windows), len(prompts), len(choices)))
    for numbers, stem, tails in _by_stem(model, windows, prompts):
        scorer = _Scorer.of(model, stem, tails, answers, tokens_per_window(model.config, windows[0].shape[1]))
        for start in range(0, len(windows), scorer.at_once):
            part = windows[start : start + scorer.at_once]
            scores[start : start + len(part), numbers] = scorer(part).reshape(len(part), len(tails), len(choices))
            progress(len(part))
    return scores


def positions_of(model: LlasaModel, turns: Sequence[Turn], choices: Sequence[str], window_len: int) -> int:
    """Return how many positions of a forward one sample takes; the text before its first window takes none."""
    ids = model.template.encode(turns).ids
    stem, tail = _cut(ids)
    answers = [model.template.encode_answer(choice) for choice in choices]
    tree = Tree.of([Branch(tail, answer) for answer in answers], torch.device("cpu"))
    return _stem_len(stem, tokens_per_window(model.config, window_len)) + len(tree)


def _by_stem(
    model: LlasaModel, windows: Sequence[np.ndarray], prompts: Sequence[Sequence[Turn]]
) -> list[tuple[list[int], tuple[int, ...], list[tuple[int, ...]]]]:
    """Put prompts together that are the same up to their last window: (their numbers, that, and the rest of each)."""
    if not len(windows):
        return []
    by_stem: dict[tuple[int, ...], list[tuple[int, tuple[int, ...]]]] = defaultdict(list)
    for number, turns in enumerate(prompts):
        stem, tail = _cut(encode(model.template, turns, len(windows[0])).ids)
        by_stem[stem].append((number, tail))
    return [([number for number, _ in ends], stem, [tail for _, tail in ends]) for stem, ends in by_stem.items()]


def _cut(ids: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Cut a prompt behind its last window; one without windows is all stem."""
    after = len(ids) - list(reversed(ids)).index(SENSOR_ID) if SENSOR_ID in ids else len(ids)
    return tuple(ids[:after]), tuple(ids[after:])


def _stem_len(stem: Sequence[int], sensor_tokens: int) -> int:
    prefix = stem.index(SENSOR_ID) if SENSOR_ID in stem else 0
    return length_of(Encoded(list(stem[prefix:])), sensor_tokens)


@dataclass(frozen=True)
class _Scorer:
    """What all samples of some prompts have in common."""

    model: LlasaModel
    sensor_tokens: int
    stem: Encoded
    """From the first window to the last."""
    prefix: Sequence[tuple[torch.Tensor, torch.Tensor]]
    """Keys and values `[1, head, P, width]` of the text before, for each layer."""
    tree: Tree
    n_branches: int

    @classmethod
    def of(
        cls,
        model: LlasaModel,
        stem: tuple[int, ...],
        tails: Sequence[Sequence[int]],
        answers: Sequence[Sequence[int]],
        sensor_tokens: int,
    ) -> _Scorer:
        """Compute it."""
        branches = [Branch(tail, answer) for tail in tails for answer in answers]
        begins = stem.index(SENSOR_ID) if SENSOR_ID in stem else 0
        rest = list(stem[begins:])
        return cls(
            model=model,
            sensor_tokens=sensor_tokens,
            stem=Encoded(rest, [False] * len(rest)),
            prefix=_keys_and_values(model, stem[:begins]) if begins else (),
            tree=Tree.of(branches, model.device),
            n_branches=len(branches),
        )

    @property
    def at_once(self) -> int:
        """How many samples one forward takes."""
        return max(1, POSITIONS_PER_FORWARD // (length_of(self.stem, self.sensor_tokens) + len(self.tree)))

    @torch.inference_mode()
    def __call__(self, windows: Sequence[np.ndarray]) -> np.ndarray:
        """Return float64 `[sample, branch]`."""
        model, tree = self.model, self.tree
        batch = collate([self.stem] * len(windows), windows, self.sensor_tokens).to(model.device)
        stem = model.embed(batch)  # [B, S, D]
        n, stem_len, _ = stem.shape
        nodes = model.lm.get_input_embeddings()(tree.ids)[None].expand(n, -1, -1)  # [B, A, D]
        prefix_len = self.prefix[0][0].shape[2] if self.prefix else 0
        hidden = model.decode(
            torch.cat([stem, nodes], dim=1),
            attention_mask=tree.mask(prefix_len, stem_len),
            position_ids=tree.positions(prefix_len, stem_len).expand(n, -1),
            **self._cache(n),
        )
        unique, where = (stem_len + tree.follows).unique(return_inverse=True)  # type: ignore[no-untyped-call]
        log_p = _log_p(model, hidden[:, unique], where, tree.predicted)  # [B, T]
        total = torch.zeros(n, self.n_branches, dtype=torch.float64, device=model.device)
        return total.index_add_(1, tree.branch, log_p.double()).cpu().numpy()

    def _cache(self, n: int) -> dict[str, Any]:
        if not self.prefix:
            return {}
        cache = self.model.new_cache()
        for layer, (keys, values) in enumerate(self.prefix):
            cache.update(keys.expand(n, -1, -1, -1), values.expand(n, -1, -1, -1), layer)
        return {"past_key_values": cache, "use_cache": True}


@torch.inference_mode()
def _keys_and_values(model: LlasaModel, ids: Sequence[int]) -> tuple[tuple[torch.Tensor, torch.Tensor], ...]:
    cache = model.new_cache()
    embeds = model.lm.get_input_embeddings()(torch.tensor([ids], device=model.device))
    model.decode(embeds, use_cache=True, past_key_values=cache)
    return tuple((layer.keys, layer.values) for layer in cache.layers)


def _log_p(model: LlasaModel, hidden: torch.Tensor, where: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Return the log-probability of tokens `[T]` behind the hidden vectors `[B, U, D]` at `where`: float32 `[B, T]`."""
    at_once = max(1, LOGITS_AT_ONCE // (hidden.shape[1] * model.lm.config.vocab_size))
    parts = []
    for part in hidden.split(at_once):  # type: ignore[no-untyped-call]
        logits = model.logits(part).float()  # [b, U, V]
        parts.append(logits[:, where, tokens] - logits.logsumexp(-1)[:, where])
    return torch.cat(parts)
