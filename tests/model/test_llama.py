"""Our own Llama against transformers'."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

from llasa_core.errors import ModelError
from llasa_core.model.base_lm import load_lm, locate
from llasa_core.model.llama import LlamaLm, can_load, llama_of, load_llama
from llasa_core.model.llama import matrix as matrix_module
from llasa_core.model.llama.pool import Pool
from llasa_core.model.text import TextCodec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 5e5,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "untied, linear": {
        "tie_word_embeddings": False,
        "rope_parameters": {"rope_type": "linear", "factor": 2.5, "rope_theta": 500.0},
    },
    "llama3, wide heads": {"head_dim": 24, "rope_parameters": LLAMA3},
    "no shared heads": {"num_key_value_heads": 4},
}


def theirs_of(kind: str) -> LlamaForCausalLM:
    sizes = {"hidden_size": 64, "intermediate_size": 100, "num_hidden_layers": 3, "num_attention_heads": 4}
    more = {"num_key_value_heads": 2, "vocab_size": 99, "max_position_embeddings": 512, "tie_word_embeddings": True}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return LlamaForCausalLM(LlamaConfig(**{**sizes, **more, **KINDS[kind]})).eval()


def some_ids(rows: int, length: int) -> torch.Tensor:
    return torch.randint(0, 99, (rows, length), generator=torch.Generator().manual_seed(1))


def logits_of(lm: LlamaLm, ids: torch.Tensor, **options: Any) -> torch.Tensor:
    return lm.head(lm(inputs_embeds=lm.embed(ids), **options).last_hidden_state)


@pytest.fixture(params=KINDS)
def both(request: pytest.FixtureRequest) -> tuple[LlamaForCausalLM, LlamaLm]:
    theirs = theirs_of(request.param)
    return theirs, llama_of(theirs, torch.float32)


@torch.inference_mode()
def test_logits_are_those_of_transformers(both: tuple[LlamaForCausalLM, LlamaLm]):
    theirs, ours = both
    ids = some_ids(3, 200)

    torch.testing.assert_close(logits_of(ours, ids), theirs(ids).logits, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_a_text_that_is_read_in_parts_gives_the_same_logits(both: tuple[LlamaForCausalLM, LlamaLm]):
    theirs, ours = both
    ids, cache = some_ids(2, 200), ours.new_cache()

    parts = [
        logits_of(ours, ids[:, start:end], past_key_values=cache)
        for start, end in ((0, 5), (5, 6), (6, 7), (7, 100), (100, 200))
    ]

    torch.testing.assert_close(torch.cat(parts, 1), theirs(ids).logits, atol=1e-5, rtol=0)
    assert cache.length == 200


@torch.inference_mode()
def test_padding_on_the_left_is_not_seen(both: tuple[LlamaForCausalLM, LlamaLm]):
    theirs, ours = both
    ids = some_ids(2, 20)
    is_text = torch.ones(2, 20, dtype=torch.long)
    is_text[1, :7] = 0
    places = {"attention_mask": is_text, "position_ids": (is_text.cumsum(1) - 1).clamp(min=0)}

    alone = theirs(ids[1:, 7:]).logits[0]

    torch.testing.assert_close(logits_of(ours, ids, **places)[1, 7:], alone, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_texts_of_different_lengths_are_decoded_together_as_if_alone(both: tuple[LlamaForCausalLM, LlamaLm]):
    theirs, ours = both
    pool, texts = Pool(ours, most_rows=4), [some_ids(1, length) for length in (9, 40, 3)]
    for text in texts:
        cache = ours.new_cache()
        logits_of(ours, text, past_key_values=cache)
        pool.add(cache, 80)
    pool.remove(0)  # the last one takes its row
    texts = [texts[2], texts[1]]

    for token in (5, 6):
        logits = pool.step(torch.tensor([token, token + 1]))
        texts = [torch.cat([text, torch.tensor([[token + row]])], 1) for row, text in enumerate(texts)]
        for row, text in enumerate(texts):
            torch.testing.assert_close(logits[row], theirs(text).logits[0, -1], atol=1e-5, rtol=0)
    pool.remove(1)
    pool.remove(0)
    assert (len(pool), pool.positions_taken) == (0, 0)


def test_a_cache_is_as_before_where_a_forward_failed(both: tuple[LlamaForCausalLM, LlamaLm]):
    _, ours = both
    cache = ours.new_cache()
    logits_of(ours, some_ids(1, 4), past_key_values=cache)

    with pytest.raises(RuntimeError):
        ours(inputs_embeds=torch.zeros(1, 2, 3), past_key_values=cache)

    assert cache.length == 4


@pytest.fixture
def without_half_precision(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compute as a CPU does that has no bfloat16, whatever this one has."""
    monkeypatch.setattr(matrix_module, "_has_half_precision", lambda: False)
    return


@pytest.mark.usefixtures("without_half_precision")
@torch.inference_mode()
def test_half_precision_weights_are_computed_with_in_float32_where_the_cpu_has_no_bfloat16():
    theirs = theirs_of("plain").bfloat16()
    ours = llama_of(theirs, torch.bfloat16)
    ids = some_ids(2, 50)
    expected = theirs.float()(ids).logits

    assert ours.dtype == torch.float32
    torch.testing.assert_close(logits_of(ours, ids), expected, atol=1e-5, rtol=0)
    if ours.pack():  # FBGEMM is in x86 builds of torch
        torch.testing.assert_close(logits_of(ours, ids), expected, atol=1e-4, rtol=0)


@torch.inference_mode()
def test_with_bfloat16_in_hardware_vectors_are_bfloat16(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(matrix_module, "_has_half_precision", lambda: True)
    theirs = theirs_of("plain").bfloat16()
    ours = llama_of(theirs, torch.bfloat16)
    ids = some_ids(2, 50)
    exact = theirs.float()(ids).logits

    error = (logits_of(ours, ids).float() - exact).abs().mean()

    assert (ours.dtype, ours.pack()) == (torch.bfloat16, False)
    assert error < 1.5 * (theirs.bfloat16()(ids).logits.float() - exact).abs().mean()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    theirs_of("untied, linear").save_pretrained(tmp_path)
    return tmp_path


@torch.inference_mode()
def test_a_folder_is_loaded_as_transformers_loads_it(folder: Path):
    ids = some_ids(1, 30)

    ours = load_llama(folder, torch.float32)

    assert can_load(folder)
    torch.testing.assert_close(logits_of(ours, ids), theirs_of("untied, linear")(ids).logits, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model_type", "mistral"),
        ("attention_bias", True),
        ("hidden_act", "gelu"),
        ("rope_parameters", {"rope_type": "yarn", "factor": 2.0}),
    ],
)
def test_what_is_no_plain_llama_is_left_to_transformers(folder: Path, key: str, value: Any):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, key: value}))

    assert not can_load(folder)


def test_weights_that_do_not_fit_are_refused(folder: Path):
    tensors = theirs_of("plain").state_dict()
    del tensors["model.norm.weight"], tensors["lm_head.weight"]
    save_file(tensors, folder / "model.safetensors")

    with pytest.raises(ModelError) as caught:
        load_llama(folder, torch.float32)

    assert caught.value.message == (
        "the base LM does not fit its config.json: `model.norm.weight` is missing; `lm_head.weight` is missing"
    )


def test_a_damaged_file_is_named(folder: Path):
    (folder / "model.safetensors").write_bytes(b"damaged")

    with pytest.raises(ModelError, match="the base LM cannot be loaded: "):
        load_llama(folder, torch.float32)


PROMPTS = (
    "<|im_start|>user\nWhat is an accelerometer?<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>user\nName three ways to tell walking from running.<|im_end|>\n<|im_start|>assistant\n",
    "The capital of France is",
)


@pytest.mark.network
@torch.inference_mode()
def test_the_embedded_lm_gives_the_logits_and_the_greedy_tokens_of_transformers():
    base = locate("smollm2-135m")
    assert base.folder is not None
    codec, theirs = TextCodec.of(base), load_lm(base, "float32")
    ours, half = (load_llama(base.folder, dtype) for dtype in (torch.float32, torch.bfloat16))
    for prompt in PROMPTS:
        ids = torch.tensor([codec.encode(prompt, with_special=True)])

        torch.testing.assert_close(logits_of(ours, ids), theirs(ids).logits, atol=1e-4, rtol=0)

        seen = torch.ones_like(ids)  # `generate` takes an end of turn in the prompt for padding
        expected = theirs.generate(ids, attention_mask=seen, max_new_tokens=16, do_sample=False, eos_token_id=None)
        assert greedy(ours, ids, 16).tolist() == expected.tolist()
        found = greedy(half, ids, 16)  # what is rounded decides between tokens that are equally likely
        logits = theirs(found).logits[0, ids.shape[1] - 1 : -1]
        behind = logits.max(-1).values - logits.gather(1, found[0, ids.shape[1] :, None])[:, 0]
        assert behind.max() < 0.25
        assert (behind == 0).float().mean() > 0.8


def greedy(lm: LlamaLm, ids: torch.Tensor, n_tokens: int) -> torch.Tensor:
    """Return ids with so many of the likeliest tokens behind them."""
    cache, new = lm.new_cache(), ids
    for _ in range(n_tokens):
        new = logits_of(lm, new, past_key_values=cache)[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, new], 1)
    return ids
