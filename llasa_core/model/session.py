"""A conversation's keys and values, kept over its turns: what was read once is not read again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import torch

from llasa_core.model.collate import encode, expand
from llasa_core.model.multimodal import tokens_per_window
from llasa_core.model.prompt import SENSOR_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from llasa_core.data.qa import Turn
    from llasa_core.model.llama import KvCache
    from llasa_core.model.multimodal import LlasaModel

CHUNK = 256
"""Positions that are read at once; between two of them a person's Ctrl-C is heard."""


class Session:
    """What a model has read and said so far, and the keys and values of it.

    Any prompt can follow any other: what they begin with alike is kept, the rest is forgotten. An exception on the way,
    Ctrl-C among them, leaves what was read until then.
    """

    def __init__(self, model: LlasaModel) -> None:
        self._model = model
        self._cache: Any = model.new_cache()
        self._held: list[object] = []  # what stands at each position that the cache holds: a token, or a window's part
        self._last: torch.Tensor | None = None
        self.reused = 0
        """Positions of the last prompt that did not have to be read."""

    def __len__(self) -> int:
        """Return how many positions are held."""
        return len(self._held)

    def read(self, windows: np.ndarray, turns: Sequence[Turn]) -> None:
        """Read a conversation that ends with a question, as far as it differs from what was read.

        Args:
            windows: float32 `[window, time, channel]`, one for each `<sensor>` in `turns`.
            turns: the conversation.

        Raises:
            ModelError: the placeholders do not match the windows.
        """
        for _ in self.reading(windows, turns):
            pass

    @torch.inference_mode()
    def reading(self, windows: np.ndarray, turns: Sequence[Turn], chunk: int = CHUNK) -> Iterator[int]:
        """Do what `read` does, `chunk` positions at a time, and yield how many each time."""
        model = self._model
        encoded = encode(model.template, turns, len(windows))
        n_sensor = tokens_per_window(model.config, windows.shape[1])
        ids, _ = expand(encoded, n_sensor)
        wanted = _signature(ids, windows, n_sensor)
        kept = self._keep(wanted)
        self.reused = kept
        embeds = self._embeds(ids, kept, windows, n_sensor)
        for start in range(0, embeds.shape[1], chunk):
            part = embeds[:, start : start + chunk]
            self._last = model.decode(part, use_cache=True, past_key_values=self._cache)[0, -1]
            self._held += wanted[len(self._held) : len(self._held) + part.shape[1]]
            yield part.shape[1]

    @torch.inference_mode()
    def begin_with(self, ids: Sequence[int], cache: KvCache) -> None:
        """Begin with a text that another session has read, whose cache is copied; for a Llama of ours."""
        self._cache, self._held = cache.expanded(1), list(ids)

    @torch.inference_mode()
    def say(self, token: int) -> None:
        """Take a token as said: it is part of what was read from now on."""
        model = self._model
        embeds = model.lm.get_input_embeddings()(torch.tensor([[token]], device=model.device))
        self._last = model.decode(embeds, use_cache=True, past_key_values=self._cache)[0, -1]
        self._held.append(token)

    @torch.inference_mode()
    def logits(self) -> torch.Tensor:
        """Return the next token's logits, float32 `[V]`; after `read` or `say`."""
        if self._last is None:
            raise ValueError("nothing was read")
        return self._model.logits(self._last).float()

    def decode(self, *, max_new_tokens: int = 128, temperature: float = 0.0, seed: int = 0) -> Iterator[int]:
        """Yield the answer's tokens to what was read, without the end of turn; it is held as far as it was taken.

        Args:
            max_new_tokens: the answer ends here at the latest.
            temperature: 0 takes the likeliest token; above, tokens are drawn.
            seed: makes the drawing repeatable.
        """
        generator = torch.Generator(self._model.device).manual_seed(seed)
        for n_said in range(max_new_tokens):
            token = choose(self.logits(), temperature, generator)
            if token == self._model.template.end_of_turn:
                return
            yield token
            if n_said < max_new_tokens - 1:
                self.say(token)

    def take_cache(self) -> Any:
        """Hand over the cache, to go on with it elsewhere; this session is as new then."""
        cache, self._cache, self._held, self._last = self._cache, self._model.new_cache(), [], None
        return cache

    def _keep(self, wanted: Sequence[object]) -> int:
        """Forget all but what a prompt begins with, its last position left to read; return how much that is."""
        held = self._held
        most = min(len(held), len(wanted) - 1)
        kept = next((at for at in range(most) if held[at] != wanted[at]), most)
        if hasattr(self._cache, "truncate"):
            kept = min(kept, self._cache.length)  # an interrupt may have come between the two
            self._cache.truncate(kept)
        elif kept < len(held) or self._cache.get_seq_length() != len(held):  # transformers' cannot all be cut
            self._cache, kept = self._model.new_cache(), 0
        del held[kept:]
        self._last = None
        return kept

    def _embeds(self, ids: np.ndarray, start: int, windows: np.ndarray, n_sensor: int) -> torch.Tensor:
        """Return the input vectors `[1, L, D]` from a position on; windows before it are not encoded."""
        model = self._model
        rest = torch.from_numpy(ids[start:]).to(model.device)
        is_sensor = rest == SENSOR_ID
        embeds: torch.Tensor = model.lm.get_input_embeddings()(rest.clamp(min=0))
        if is_sensor.any():
            passed = int((ids[:start] == SENSOR_ID).sum())
            needed = torch.from_numpy(windows[passed // n_sensor :]).float().to(model.device)
            vectors = model.sensor_tokens(needed).flatten(0, 1)[passed % n_sensor :]
            embeds = embeds.masked_scatter(is_sensor[:, None], vectors.to(embeds.dtype))
        return embeds[None]


def _signature(ids: np.ndarray, windows: np.ndarray, n_sensor: int) -> list[object]:
    """Return what stands at each position, to compare: a token's id, or a window's hash and the place in it."""
    hashes = [hashlib.sha256(window.tobytes()).digest() for window in windows]
    parts = iter([(one, place) for one in hashes for place in range(n_sensor)])
    return [next(parts) if token == SENSOR_ID else int(token) for token in ids]


def choose(logits: torch.Tensor, temperature: float, generator: torch.Generator) -> int:
    """Return the likeliest token, or one drawn at a temperature above 0."""
    if temperature == 0:
        return int(logits.argmax())
    return int(torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator))
