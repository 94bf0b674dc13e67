from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, Gemma2Config, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config

from llasa_core.data.qa import Turn
from llasa_core.errors import ModelError
from llasa_core.model.attention import choose_attention
from llasa_core.model.collate import encode
from llasa_core.model.packing import pack, plan_packs, without_answers

if TYPE_CHECKING:
    import numpy as np

    from llasa_core.model.config import AttentionName
    from llasa_core.model.multimodal import LlasaModel

ASK = Turn("human", "<sensor>\nWhat is the person doing?")
ANSWERS = ("Walking.", "The person is climbing stairs, one after the other.", "Sitting.", "Lying down, and still.")
SIZES: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8,
}  # fmt: skip


def encoded_of(model: LlasaModel, answers: tuple[str, ...] = ANSWERS) -> list[Any]:
    return [encode(model.template, [ASK, Turn("gpt", answer)], 1) for answer in answers]


def hidden_of(model: LlasaModel, windows: np.ndarray, which: list[int]) -> torch.Tensor:
    encoded = encoded_of(model)
    together = pack([encoded[i] for i in which], [windows[i : i + 1] for i in which], model.config.sensor_tokens)
    return model.decode_pack(together)


def gradients_of(model: LlasaModel, windows: np.ndarray, parts: list[list[int]]) -> dict[str, torch.Tensor]:
    model.zero_grad()
    encoded = encoded_of(model)
    for part in parts:
        one = pack([encoded[i] for i in part], [windows[i : i + 1] for i in part], model.config.sensor_tokens)
        model(one).total.backward()
    return {name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None}


@pytest.mark.parametrize("attention", ["each", "blocks", "sdpa", "eager"])
def test_packed_samples_compute_what_each_computes_alone(
    model: LlasaModel, windows: np.ndarray, attention: AttentionName
):
    model.use_attention(attention)

    together = hidden_of(model, windows, [0, 1, 2, 3])

    alone = torch.cat([hidden_of(model, windows, [i]) for i in range(4)])
    torch.testing.assert_close(model.logits(together), model.logits(alone), atol=1e-5, rtol=0)


@pytest.mark.parametrize("attention", ["each", "blocks", "sdpa", "eager"])
def test_packs_give_the_gradients_of_their_samples(model: LlasaModel, windows: np.ndarray, attention: AttentionName):
    model.use_attention(attention)
    model.requires_grad_(requires_grad=True)
    whole = gradients_of(model, windows, [[0, 1, 2, 3]])

    apart = gradients_of(model, windows, [[3], [0, 2], [1]])

    assert whole.keys() == apart.keys()
    for name, gradient in whole.items():
        torch.testing.assert_close(gradient, apart[name], atol=1e-5 * float(1 + gradient.abs().max()), rtol=1e-4)


@pytest.mark.parametrize(
    ("config", "attention"),
    [
        (LlamaConfig(**SIZES), "each"),
        (LlamaConfig(**SIZES), "blocks"),
        (MistralConfig(**SIZES, sliding_window=20), "each"),
        (MistralConfig(**SIZES, sliding_window=20), "blocks"),
        (MistralConfig(**SIZES, sliding_window=20), "sdpa"),
        (Qwen2Config(**SIZES), "blocks"),
        (Qwen3Config(**SIZES, use_sliding_window=True, sliding_window=20, max_window_layers=1), "blocks"),
        (Qwen3Config(**SIZES, use_sliding_window=True, sliding_window=20, max_window_layers=1), "eager"),
        (Gemma2Config(**SIZES, sliding_window=20), "eager"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.model_type,
)
def test_other_lms_are_packed_as_their_own_forward_computes(
    model: LlasaModel, windows: np.ndarray, config: Any, attention: AttentionName
):
    config.vocab_size = model.lm.config.vocab_size
    config.hidden_size = model.lm.config.hidden_size
    torch.manual_seed(0)
    model.lm = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    encoded, tokens = encoded_of(model), model.config.sensor_tokens
    own = []
    for i in range(4):
        one = pack([encoded[i]], [windows[i : i + 1]], tokens)
        embeds = model.lm.get_input_embeddings()(one.input_ids)
        embeds = embeds.index_copy(0, one.sensor_at, model.sensor_tokens(one.windows).flatten(0, 1))
        own.append(model.decode(embeds[None])[0])
    model.use_attention(attention)

    packed = hidden_of(model, windows, [0, 1, 2, 3])

    torch.testing.assert_close(packed, torch.cat(own), atol=2e-5, rtol=1e-4)


def test_a_pack_of_nothing_learned_has_no_loss_and_no_gradient(model: LlasaModel, windows: np.ndarray):
    model.requires_grad_(requires_grad=True)
    loss = model(without_answers(pack(encoded_of(model)[:1], [windows[:1]], model.config.sensor_tokens)))
    loss.total.backward()

    assert loss.n_items == 0
    assert loss.total.item() == 0.0
    gradients = [parameter.grad for parameter in model.projector.parameters()]
    assert all(gradient is not None and not gradient.any() for gradient in gradients)


def test_chunks_of_logits_change_neither_loss_nor_gradients(
    model: LlasaModel, windows: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    model.requires_grad_(requires_grad=True)
    whole = gradients_of(model, windows, [[0, 1, 2, 3]])
    monkeypatch.setattr("llasa_core.model.loss.LOGITS_AT_ONCE", 5 * model.lm.config.vocab_size)

    chunked = gradients_of(model, windows, [[0, 1, 2, 3]])

    for name, gradient in whole.items():
        torch.testing.assert_close(gradient, chunked[name], atol=1e-5, rtol=1e-4)


def test_half_precision_trains_float32_weights(model: LlasaModel, windows: np.ndarray):
    model.requires_grad_(requires_grad=True)
    exact = gradients_of(model, windows, [[0, 1, 2, 3]])
    object.__setattr__(model.config, "dtype", "bfloat16")

    rough = gradients_of(model, windows, [[0, 1, 2, 3]])

    assert all(gradient.dtype == torch.float32 for gradient in rough.values())
    of_projector = [name for name in rough if name.startswith("projector")]
    for name in of_projector:
        alike = torch.nn.functional.cosine_similarity(exact[name].flatten(), rough[name].flatten(), dim=0)
        assert 0.98 < alike < 0.999999  # close, and another computation


@given(
    lengths=st.lists(st.integers(1, 50), min_size=1, max_size=40),
    budget=st.integers(50, 120),
    n_ranks=st.integers(1, 4),
)
@settings(max_examples=200, deadline=None)
def test_packs_hold_every_sample_once_within_the_budget(lengths: list[int], budget: int, n_ranks: int):
    dealt = plan_packs(lengths, budget, n_ranks)

    assert len(dealt) == n_ranks
    assert len({len(packs) for packs in dealt}) == 1
    assert sorted(i for packs in dealt for one in packs for i in one) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in one) <= budget for packs in dealt for one in packs)
    assert dealt == plan_packs(lengths, budget, n_ranks)


def test_packs_are_few_and_about_equally_full():
    lengths = [30, 10, 20, 10, 50, 20, 10, 50]

    ((first, second),) = plan_packs(lengths, 100, 1)

    assert sorted(sum(lengths[i] for i in one) for one in (first, second)) == [100, 100]


def test_a_full_fit_is_kept_where_an_even_one_would_not_fit():
    lengths = [60, 40, 35, 35, 30]

    ((first, second),) = plan_packs(lengths, 100, 1)

    assert sorted(map(sorted, (first, second))) == [[0, 1], [2, 3, 4]]


def test_a_rank_without_samples_has_an_empty_pack():
    assert plan_packs([10, 20], 100, 3) == [[[1]], [[0]], [[]]]


@pytest.mark.parametrize(
    ("wanted", "config", "expected"),
    [
        ("auto", LlamaConfig(**SIZES), "each"),
        ("auto", Gemma2Config(**SIZES), "eager"),
        ("eager", LlamaConfig(**SIZES), "eager"),
    ],
)
def test_attention_is_chosen_for_the_lm_and_its_device(wanted: AttentionName, config: Any, expected: str):
    assert choose_attention(wanted, config, torch.device("cpu"), torch.float32) == expected


@pytest.mark.parametrize(
    ("wanted", "config", "device", "dtype", "reason"),
    [
        ("varlen", LlamaConfig(**SIZES), "cpu", torch.bfloat16, "it needs a CUDA device"),
        ("varlen", LlamaConfig(**SIZES), "cuda", torch.float32, "it computes in bfloat16 or float16 only"),
        ("varlen", LlamaConfig(**{**SIZES, "head_dim": 512}), "cuda", torch.bfloat16,
         "heads are 512 wide, more than 256"),
        ("blocks", Gemma2Config(**SIZES), "cpu", torch.float32,
         "the LM caps its attention scores, which only its own attention does"),
    ],
)  # fmt: skip
def test_an_attention_that_cannot_be_had_says_why(
    wanted: AttentionName, config: Any, device: str, dtype: torch.dtype, reason: str
):
    with pytest.raises(ModelError) as caught:
        choose_attention(wanted, config, torch.device(device), dtype)

    assert str(caught.value) == (
        f"attention `{wanted}` cannot be had: {reason}\n  fix:   leave `attention` out, or set it to `auto`"
    )
