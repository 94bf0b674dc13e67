"""The LM in 4 bits: it is trained beside, and loaded as what the 4 bits stand for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from llasa_core.data.qa import Turn
from llasa_core.errors import ModelError
from llasa_core.model.adapter import add_adapter
from llasa_core.model.base_lm import TINY, BaseLm, identity_of, load_lm
from llasa_core.model.checkpoint import CheckpointConfig, load_checkpoint, save_checkpoint
from llasa_core.model.collate import Sample, encode
from llasa_core.model.config import AdapterConfig, EncoderConfig, ModelConfig
from llasa_core.model.limu_bert import LimuBert
from llasa_core.model.multimodal import LlasaModel
from llasa_core.model.packing import pack
from llasa_core.model.prompt import make_template
from llasa_core.model.quantization import unpack
from llasa_core.model.score import score_choices

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.model.packing import Pack
    from llasa_core.model.text import TextCodec

BASE = BaseLm(TINY, None)
ASK = Turn("human", "<sensor>\nWhat is the person doing?")
WORDS = ("Walking.", "Sitting.")
ADAPTER = AdapterConfig(rank=4)
IDS = torch.arange(40, 60)[None]


def test_without_bitsandbytes_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)

    with pytest.raises(ModelError) as caught:
        load_lm(BASE, "float32", quantization="nf4")

    assert caught.value.exit_code == 2
    assert str(caught.value) == (
        "`model.quantization: nf4` needs bitsandbytes, which is not installed\n"
        "  fix:   `pip install 'llasa[qlora]'`, or set `model.quantization: none`"
    )


def test_4_bit_weights_are_not_shared_out():
    with pytest.raises(ModelError) as caught:
        load_lm(BASE, "float32", quantization="nf4", zero={"stage": 3})

    assert str(caught.value) == (
        "ZeRO 3 cannot share out weights that are held in 4 bits\n"
        "  fix:   set `zero_stage` to 2 or less, or `model.quantization: none`"
    )


bitsandbytes = pytest.importorskip("bitsandbytes", reason="needs the extra [qlora]")


def test_the_blocks_linear_layers_hold_4_bits_a_weight_and_the_head_does_not():
    lm, plain = (load_lm(BASE, "float32", quantization=how) for how in ("nf4", "none"))  # type: ignore[arg-type]

    packed = {name: module for name, module in lm.named_modules() if isinstance(module, bitsandbytes.nn.Linear4bit)}
    linear = {
        name: module
        for name, module in plain.named_modules()
        if isinstance(module, torch.nn.Linear) and module is not plain.lm_head
    }
    assert packed.keys() == linear.keys()
    for name, module in packed.items():
        assert module.weight.dtype == torch.uint8
        assert 2 * module.weight.numel() == linear[name].weight.numel()
        assert module.weight.quant_state.quant_type == "nf4"
        assert module.weight.quant_state.nested
    assert lm.lm_head.weight is lm.model.embed_tokens.weight
    torch.testing.assert_close(lm(IDS).logits, plain(IDS).logits, atol=0.2, rtol=0)  # 4 bits are rough
    assert not torch.equal(lm(IDS).logits, plain(IDS).logits)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_unpacked_weights_compute_what_the_4_bits_compute(dtype: str):
    lm = load_lm(BASE, dtype, quantization="nf4")  # type: ignore[arg-type]
    packed = lm(IDS).logits

    unpack(lm, getattr(torch, dtype))

    assert {weight.dtype for weight in lm.parameters()} == {getattr(torch, dtype)}
    assert not any(isinstance(module, bitsandbytes.nn.Linear4bit) for module in lm.modules())
    torch.testing.assert_close(lm(IDS).logits, packed, atol=0.02 if dtype == "bfloat16" else 1e-5, rtol=0)


@pytest.fixture
def model(codec: TextCodec) -> LlasaModel:
    """A model whose LM is held in 4 bits, with an adapter in place."""
    config = ModelConfig(base_lm=TINY, dtype="float32", quantization="nf4", sensor_tokens=4)
    lm = load_lm(BASE, "float32", quantization="nf4", seed=1)
    torch.manual_seed(0)
    add_adapter(lm, ADAPTER)
    encoder = LimuBert(EncoderConfig()).requires_grad_(requires_grad=False)
    return LlasaModel(config, encoder, lm, codec, make_template(config, codec)).eval()


def pack_of(model: LlasaModel, windows: np.ndarray) -> Pack:
    encoded = [encode(model.template, [ASK, Turn("gpt", WORDS[i % 2])], 1) for i in range(len(windows))]
    return pack(encoded, [window[None] for window in windows], model.config.sensor_tokens)


def test_an_adapter_learns_beside_4_bit_weights_and_its_checkpoint_gives_the_same_scores(
    model: LlasaModel, windows: np.ndarray, tmp_path: Path
):
    samples = [Sample(window[None], (ASK,)) for window in windows]
    before = score_choices(model, samples, WORDS)  # bitsandbytes must not prepare for forwards without gradients
    one, trained = pack_of(model, windows), [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=5e-3)
    losses = []
    for _ in range(40):
        loss = model(one)
        (loss.total / loss.n_items).backward()
        assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in trained)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.total.item())

    assert losses[-1] < 0.8 * losses[0]
    learned = score_choices(model, samples, WORDS)
    assert np.abs(learned - before).max() > 0.5
    config = CheckpointConfig(
        model.encoder.config, model.config, ADAPTER, {**identity_of(BASE), "seed": 1}, ("walking", "sitting"), 20.0, 6.0
    )
    save_checkpoint(model, config, tmp_path / "checkpoint", recipe="", card="")
    loaded = load_checkpoint(tmp_path / "checkpoint", device="cpu")
    np.testing.assert_allclose(score_choices(loaded, samples, WORDS), learned, atol=1e-4)
    assert not any(weight.dtype == torch.uint8 for weight in loaded.parameters())


def test_gradients_beside_4_bit_weights_are_those_beside_the_weights_that_they_stand_for(
    model: LlasaModel, windows: np.ndarray
):
    def gradients() -> dict[str, torch.Tensor]:
        model.zero_grad()
        model(pack_of(model, windows)).total.backward()
        named = ((name.replace(".base_layer", ""), weight.grad) for name, weight in model.named_parameters())
        return {name: gradient.clone() for name, gradient in named if gradient is not None}

    with torch.no_grad():
        for name, weight in model.lm.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.05)
        model(pack_of(model, windows))
    packed = gradients()

    unpack(model.lm, torch.float32)

    for name, gradient in gradients().items():
        torch.testing.assert_close(packed[name], gradient, atol=1e-4, rtol=1e-3)
