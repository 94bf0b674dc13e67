"""How likely is each of several answers: all of them in one forward, under a tree mask.

The prompt is computed once and every answer follows it as a branch of its own: an answer's tokens see the prompt and
themselves, not the other answers, and count their positions from the prompt's end. This equals one forward for each
answer and costs little more than one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from llasa_core.errors import ModelError
from llasa_core.model.collate import Sample, collate, encode, length_of
from llasa_core.model.multimodal import tokens_per_window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.model.multimodal import LlasaModel
    from llasa_core.model.prompt import Encoded

POSITIONS_PER_FORWARD = 4096


@dataclass(frozen=True)
class Tree:
    """The branches behind a prompt of P positions, flattened to A tokens."""

    ids: torch.Tensor
    """int64 `[A]`: the answers' tokens, one answer after the other."""
    branch: torch.Tensor
    """int64 `[A]`: which answer a token belongs to."""
    depth: torch.Tensor
    """int64 `[A]`: a token's place in its answer."""

    @classmethod
    def of(cls, answers: Sequence[Sequence[int]], device: torch.device) -> Tree:
        """Flatten the answers' token ids."""
        lengths = torch.tensor([len(answer) for answer in answers])
        ids = torch.tensor([token for answer in answers for token in answer])
        branch = torch.arange(len(answers)).repeat_interleave(lengths)
        depth = torch.cat([torch.arange(length) for length in lengths.tolist()])
        return cls(ids.to(device), branch.to(device), depth.to(device))

    def positions(self, prompt_len: int) -> torch.Tensor:
        """Return position ids `[1, P + A]`."""
        prompt = torch.arange(prompt_len, device=self.ids.device)
        return torch.cat([prompt, prompt_len + self.depth])[None]

    def mask(self, prompt_len: int) -> torch.Tensor:
        """Return who may see whom, bool `[1, 1, P + A, P + A]`."""
        prompt = torch.full((prompt_len,), -1, device=self.ids.device)
        branch = torch.cat([prompt, self.branch])
        is_earlier = torch.ones(len(branch), len(branch), dtype=torch.bool, device=self.ids.device).tril()
        is_visible = (branch[None, :] == branch[:, None]) | (branch[None, :] == -1)
        return (is_earlier & is_visible)[None, None]


def score_choices(
    model: LlasaModel,
    samples: Sequence[Sample],
    choices: Sequence[str],
    progress: Callable[[int], None] = lambda _n: None,
) -> np.ndarray:
    """Return the log-likelihood of each choice as the next answer, its end of turn included.

    Args:
        model: from `load_checkpoint`.
        samples: conversations that end with a question.
        choices: the answers, as the model was trained to write them.
        progress: told how many more samples are done.

    Returns:
        float64 `[sample, choice]`.

    Raises:
        ModelError: no choices, or a prompt whose placeholders do not match its windows.
    """
    if not choices:
        raise ModelError("there are no choices to score", fix="name at least one class")
    tree = Tree.of([model.template.encode_answer(choice) for choice in choices], model.device)
    encoded = [encode(model.template, sample.turns, len(sample.windows)) for sample in samples]
    scores = np.empty((len(samples), len(choices)))
    counts = [tokens_per_window(model.config, sample.windows.shape[1]) for sample in samples]
    for rows in _groups(encoded, counts, len(tree.ids)):
        scores[rows] = _score(model, [encoded[i] for i in rows], [samples[i].windows for i in rows], tree)
        progress(len(rows))
    return scores


def _groups(encoded: Sequence[Encoded], sensor_tokens: Sequence[int], tree_len: int) -> list[list[int]]:
    """Put samples of equal window and prompt length together, as many as one forward takes."""
    by_length: dict[tuple[int, int], list[int]] = defaultdict(list)
    for i, (one, count) in enumerate(zip(encoded, sensor_tokens, strict=True)):
        by_length[count, length_of(one, count)].append(i)
    groups = []
    for (_, length), rows in by_length.items():
        size = max(1, POSITIONS_PER_FORWARD // (length + tree_len))
        groups += [rows[start : start + size] for start in range(0, len(rows), size)]
    return groups


@torch.inference_mode()
def _score(model: LlasaModel, encoded: list[Encoded], windows: list[np.ndarray], tree: Tree) -> np.ndarray:
    batch = collate(encoded, windows, tokens_per_window(model.config, windows[0].shape[1])).to(model.device)
    prompt = model.embed(batch)  # [B, P, D]
    n, prompt_len, _ = prompt.shape
    branches = model.lm.get_input_embeddings()(tree.ids)[None].expand(n, -1, -1)  # [B, A, D]
    hidden = model.decode(
        torch.cat([prompt, branches], dim=1),
        attention_mask=tree.mask(prompt_len),
        position_ids=tree.positions(prompt_len).expand(n, -1),
    )
    # a branch's first token is predicted at the prompt's end, the others each by the token before it
    before = torch.arange(prompt_len - 1, prompt_len + len(tree.ids) - 1, device=model.device)
    before[tree.depth == 0] = prompt_len - 1
    unique, where = before.unique(return_inverse=True)  # type: ignore[no-untyped-call]
    log_p = model.logits(hidden[:, unique]).float().log_softmax(-1)  # [B, U, V]
    token_log_p = log_p[:, where, tree.ids]  # [B, A]
    n_choices = int(tree.branch.max()) + 1
    total = torch.zeros(n, n_choices, dtype=torch.float64, device=model.device)
    return total.index_add_(1, tree.branch, token_log_p.double()).cpu().numpy()
