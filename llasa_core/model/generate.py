"""Decoding: an answer token by token, or many answers at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from llasa_core.model.collate import collate, encode, length_of
from llasa_core.model.multimodal import tokens_per_window
from llasa_core.model.prompt import SENSOR_ID, Encoded
from llasa_core.model.session import Session
from llasa_core.model.text import REPLACEMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np

    from llasa_core.data.qa import Turn
    from llasa_core.model.collate import Batch, Sample
    from llasa_core.model.multimodal import LlasaModel
    from llasa_core.model.text import TextCodec

POSITIONS_AT_ONCE = 8192
"""Prompts and answers held at once: 380 MB of keys and values for SmolLM2-135M in float32, 4 GB for a 7B LM in bf16."""
MOST_ENDED = 0.25
"""Share of a group's answers that may have ended before the rest goes on without them; each time copies the cache."""


def generate_tokens(
    model: LlasaModel,
    windows: np.ndarray,
    turns: Sequence[Turn],
    *,
    max_new_tokens: int = 128,
    temperature: float = 0.0,
    seed: int = 0,
    session: Session | None = None,
) -> Iterator[int]:
    """Yield the answer's tokens as they are decoded, without the end of turn.

    Args:
        model: from `load_checkpoint`.
        windows: float32 `[window, time, channel]`, one for each `<sensor>` in `turns`.
        turns: the conversation; its last turn is the question.
        max_new_tokens: the answer ends here at the latest.
        temperature: 0 takes the likeliest token; above, tokens are drawn.
        seed: makes the drawing repeatable.
        session: of this model, which may have read some of it before.

    Raises:
        ModelError: the placeholders do not match the windows.
    """
    session = session or Session(model)
    session.read(windows, turns)
    yield from session.decode(max_new_tokens=max_new_tokens, temperature=temperature, seed=seed)


def stream_answer(
    model: LlasaModel,
    windows: np.ndarray,
    turns: Sequence[Turn],
    *,
    max_new_tokens: int = 128,
    temperature: float = 0.0,
    seed: int = 0,
    session: Session | None = None,
) -> Iterator[str]:
    """Yield the answer's text in pieces; arguments as `generate_tokens` takes them."""
    tokens = generate_tokens(
        model, windows, turns, max_new_tokens=max_new_tokens, temperature=temperature, seed=seed, session=session
    )
    yield from pieces_of(tokens, model.codec)


class TextPieces:
    """Text as it grows with an answer's tokens."""

    def __init__(self, codec: TextCodec) -> None:
        self._codec = codec
        self._taken: list[int] = []
        self.told = ""
        """All pieces so far."""

    def add(self, token: int) -> str:
        """Return what the next token makes whole; nothing, while it is a part of a letter."""
        self._taken.append(token)
        text = self._codec.decode(self._taken)
        if text.endswith(REPLACEMENT) or len(text) <= len(self.told):
            return ""
        piece = text[len(self.told) :]
        self.told = text
        return piece


def pieces_of(tokens: Iterable[int], codec: TextCodec) -> Iterator[str]:
    """Yield the text of tokens in pieces, each as soon as its last letter is whole."""
    pieces = TextPieces(codec)
    yield from filter(None, map(pieces.add, tokens))


@dataclass(frozen=True)
class Answer:
    """What a model said when it was asked."""

    text: str
    tokens: int
    """How many it was decoded from, without the end of turn."""
    ended: bool
    """Whether the model ended its turn; False where `max_new_tokens` cut it off."""


def generate_answers(
    model: LlasaModel,
    samples: Sequence[Sample],
    *,
    max_new_tokens: int = 128,
    progress: Callable[[int], None] = lambda _n: None,
) -> list[Answer]:
    """Return the likeliest answer to each sample, token by token, many samples at once.

    The tokens are those of `generate_tokens` at temperature 0. In bf16 sums of another order can decide between two
    tokens that are equally likely to three digits; in float32 the answers are the same.

    Args:
        model: from `load_checkpoint`.
        samples: conversations that end with a question; of any lengths and numbers of windows.
        max_new_tokens: an answer ends here at the latest.
        progress: told how many more samples are done.

    Returns:
        One answer for each sample, in their order.

    Raises:
        ModelError: the placeholders of a prompt do not match its windows.
    """
    encoded = [encode(model.template, sample.turns, len(sample.windows)) for sample in samples]
    counts = [tokens_per_window(model.config, sample.windows.shape[1]) for sample in samples]
    answers: dict[int, Answer] = {}
    for rows in _groups(encoded, counts, max_new_tokens):
        prompts = [encoded[row] for row in rows]
        start = _common_start(prompts)
        rests = [Encoded(one.ids[len(start) :], one.is_answer[len(start) :]) for one in prompts]
        batch = collate(rests, [samples[row].windows for row in rows], counts[rows[0]]).to(model.device)
        answers |= zip(rows, _answers(model, start, batch, max_new_tokens), strict=True)
        progress(len(rows))
    return [answers[row] for row in range(len(samples))]


def _groups(encoded: Sequence[Encoded], counts: Sequence[int], max_new_tokens: int) -> Iterator[list[int]]:
    """Yield samples of like length together, as many as may be held at once; windows of one length only."""
    lengths = [length_of(one, count) for one, count in zip(encoded, counts, strict=True)]
    group: list[int] = []
    for row in sorted(range(len(encoded)), key=lambda row: (counts[row], -lengths[row])):
        is_full = bool(group) and (len(group) + 1) * (lengths[group[0]] + max_new_tokens) > POSITIONS_AT_ONCE
        if group and (is_full or counts[row] != counts[group[0]]):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _common_start(prompts: Sequence[Encoded]) -> list[int]:
    """Return the text that all prompts begin with, up to their first window; at least a token of each is left."""
    shortest = min(len(one.ids) for one in prompts) - 1
    first, *others = ([*one.ids[:shortest], SENSOR_ID] for one in prompts)
    length = first.index(SENSOR_ID)
    for ids in others:
        length = next((at for at in range(length) if ids[at] != first[at]), length)
    return first[:length]


@torch.inference_mode()
def _answers(model: LlasaModel, start: list[int], batch: Batch, max_new_tokens: int) -> list[Answer]:
    cache = model.new_cache()
    embeds, is_prompt = _left_padded(model.embed(batch), batch.lengths)
    if start:  # computed once; the padding comes between it and the rest
        ids, before = torch.tensor([start], device=model.device), model.new_cache()
        model.decode(model.lm.get_input_embeddings()(ids), use_cache=True, past_key_values=before)
        for number, layer in enumerate(before.layers):
            keys, values = (part.expand(len(embeds), -1, -1, -1) for part in (layer.keys, layer.values))
            cache.update(keys, values, number)
        is_prompt = torch.cat([is_prompt.new_ones(len(embeds), len(start)), is_prompt], dim=1)
    said: list[list[int]] = [[] for _ in batch.lengths]
    going = torch.arange(len(said))  # which samples the rows are
    has_ended = torch.zeros(len(said), dtype=torch.bool)
    for step in range(max_new_tokens):
        places = _places(is_prompt, step, embeds.shape[1])
        hidden = model.decode(embeds, use_cache=True, past_key_values=cache, **places)
        tokens = model.logits(hidden[:, -1]).float().argmax(-1)  # [row]
        for row, token in zip(going.tolist(), tokens.tolist(), strict=True):
            if token == model.template.end_of_turn:
                has_ended[row] = True
            elif not has_ended[row]:
                said[row].append(token)
        is_over = has_ended[going]
        if is_over.all():
            break
        if is_over.float().mean() > MOST_ENDED:
            kept = (~is_over).nonzero()[:, 0].to(model.device)
            cache.batch_select_indices(kept)
            going, tokens, is_prompt = going[~is_over], tokens[kept], is_prompt[kept]
        embeds = model.lm.get_input_embeddings()(tokens)[:, None]
    return [
        Answer(model.codec.decode(tokens), len(tokens), ended)
        for tokens, ended in zip(said, has_ended.tolist(), strict=True)
    ]


def _left_padded(embeds: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Move prompts `[B, L, D]` to the right, so that all end where decoding begins; True `[B, L]` where they are."""
    place = torch.arange(embeds.shape[1], device=embeds.device) - (embeds.shape[1] - lengths[:, None])  # [B, L]
    rows = torch.arange(len(embeds), device=embeds.device)[:, None]
    return embeds[rows, place.clamp(min=0)], place >= 0


def _places(is_prompt: torch.Tensor, step: int, n_new: int) -> dict[str, torch.Tensor]:
    """Return the positions of what comes next, and which of all positions so far are no padding."""
    is_text = torch.cat([is_prompt, is_prompt.new_ones(len(is_prompt), step)], dim=1)
    position = (is_text.cumsum(1) - 1).clamp(min=0)[:, -n_new:]
    mask = {} if is_prompt.all() else {"attention_mask": is_text.long()}
    return {"position_ids": position, **mask}
