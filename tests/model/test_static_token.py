"""A token that is compiled: the same numbers as the LM's own way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from llasa_core.model.base_lm import TINY, BaseLm, load_lm
from llasa_core.model.llama import LlamaLm, llama_of
from llasa_core.model.llama import cache as kv_cache
from llasa_core.model.llama import static_token as module
from llasa_core.model.llama.static_token import StaticToken

if TYPE_CHECKING:
    from llasa_core.model.llama import KvCache

IDS = torch.randint(0, 250, (30,), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def lm() -> LlamaLm:
    return llama_of(load_lm(BaseLm(TINY, None), "float32", seed=1), torch.float32)


def read(lm: LlamaLm, cache: KvCache, ids: torch.Tensor) -> torch.Tensor:
    """Return the hidden vectors of tokens that are read one by one, `[L, D]`."""
    vectors = [lm(inputs_embeds=lm.embed(token[None, None]), past_key_values=cache) for token in ids]
    return torch.cat([one.last_hidden_state[0] for one in vectors])


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_a_compiled_token_is_the_plain_one(lm: LlamaLm, backend: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ROOM", 16)
    monkeypatch.setattr(kv_cache, "FIRST_POSITIONS", 8)
    caches = [lm.new_cache(), lm.new_cache()]
    for cache in caches:
        lm(inputs_embeds=lm.embed(IDS[None, :5]), past_key_values=cache)
    plain = read(lm, caches[0], IDS[5:])

    torch.compiler.reset()
    lm.read_one_with(StaticToken(lm, backend))

    torch.testing.assert_close(read(lm, caches[1], IDS[5:]), plain, atol=1e-5, rtol=1e-5)
    assert (caches[1].length, caches[1].room) == (len(IDS), 32)  # it has grown on the way
    caches[1].truncate(10)  # another turn of the conversation
    torch.testing.assert_close(read(lm, caches[1], IDS[10:]), plain[5:], atol=1e-5, rtol=1e-5)


def test_nothing_is_compiled_anew_from_token_to_token(lm: LlamaLm):
    torch.compiler.reset()
    compiled = []

    def count(graph: torch.fx.GraphModule, _inputs: list[torch.Tensor]) -> torch.fx.GraphModule:
        compiled.append(graph)
        return graph

    lm.read_one_with(StaticToken(lm, count))  # type: ignore[arg-type]
    for _ in range(2):  # a second conversation has a cache of its own
        cache = lm.new_cache()
        lm(inputs_embeds=lm.embed(IDS[None, :5]), past_key_values=cache)
        read(lm, cache, IDS[5:])

    assert len(compiled) == 1
