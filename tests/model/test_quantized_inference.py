"""Checkpoints whose LM is held in 4 bits while it answers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn

from llasa_cli.app import main
from llasa_core.data.qa import Turn
from llasa_core.errors import ModelError
from llasa_core.model.adapter import add_adapter, merge_adapter
from llasa_core.model.any_checkpoint import load_any
from llasa_core.model.base_lm import TINY, BaseLm, identity_of, load_lm
from llasa_core.model.checkpoint import CheckpointConfig, save_checkpoint
from llasa_core.model.collate import Sample
from llasa_core.model.config import AdapterConfig, EncoderConfig
from llasa_core.model.quantization import unpack
from llasa_core.model.score import score_choices

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.model.multimodal import LlasaModel

BASE = BaseLm(TINY, None)
ADAPTER = AdapterConfig(rank=4)
WORDS = ("Walking.", "Sitting.")


@pytest.fixture
def save(make_model: Callable[..., LlasaModel], tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a checkpoint, with an adapter that changes much, or with a whole LM."""

    def write(*, whole: bool) -> Path:
        model = make_model()
        if not whole:
            add_adapter(model.lm, ADAPTER)
            for name, weight in model.lm.named_parameters():
                if "lora_B" in name:
                    nn.init.normal_(weight, std=0.2)
        identity = {**identity_of(BASE), "seed": 1 if not whole else 2}  # the whole LM stands for another base
        config = CheckpointConfig(EncoderConfig(), model.config, None if whole else ADAPTER, identity, (), 20.0, 6.0)
        save_checkpoint(model, config, tmp_path / "checkpoint", recipe="", card="", whole_lm=whole)
        return tmp_path / "checkpoint"

    return write


def scores_of(model: LlasaModel, windows: np.ndarray) -> np.ndarray:
    turns = (Turn("human", "<sensor>\nWhat is the person doing?"),)
    return score_choices(model, [Sample(window[None], turns) for window in windows], WORDS)


def test_without_bitsandbytes_the_extra_is_named(save: Callable[..., Path], monkeypatch: pytest.MonkeyPatch):
    folder = save(whole=False)
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)

    with pytest.raises(ModelError) as caught:
        load_any(folder, device="cpu", quantization="nf4")

    assert str(caught.value) == (
        "`--quantize nf4` needs bitsandbytes, which is not installed\n"
        "  fix:   `pip install 'llasa[qlora]'`, or leave the flag out"
    )


bitsandbytes = pytest.importorskip("bitsandbytes", reason="needs the extra [qlora]")


def packed_layers(model: LlasaModel) -> int:
    layers = [module for module in model.lm.modules() if isinstance(module, bitsandbytes.nn.Linear4bit)]
    assert all(layer.weight.dtype == torch.uint8 for layer in layers)
    return len(layers)


def test_an_adapter_computes_beside_4_bits_and_is_not_rounded_to_them(save: Callable[..., Path], windows: np.ndarray):
    folder = save(whole=False)
    plain = load_any(folder, device="cpu")

    packed = load_any(folder, device="cpu", quantization="nf4")

    found = scores_of(packed, windows)
    assert packed_layers(packed) == 14  # seven in each of two blocks; the head stays as it was
    lm = load_lm(BASE, "float32", quantization="nf4", seed=1)
    unpack(lm, torch.float32)
    merge_adapter(lm, ADAPTER, folder / "adapter")
    packed.lm = lm
    np.testing.assert_allclose(found, scores_of(packed, windows), atol=1e-4)
    assert np.abs(found - scores_of(plain, windows)).max() > 1e-3  # 4 bits are rough


def test_an_lm_that_was_trained_whole_is_packed_as_it_was_trained(save: Callable[..., Path], windows: np.ndarray):
    folder = save(whole=True)
    plain = scores_of(load_any(folder, device="cpu"), windows)

    packed = load_any(folder, device="cpu", quantization="nf4")

    found = scores_of(packed, windows)
    assert packed_layers(packed) == 14
    unpack(packed.lm, torch.float32)
    np.testing.assert_allclose(found, scores_of(packed, windows), atol=1e-4)
    assert 1e-3 < np.abs(found - plain).max() < 2


def test_a_question_is_answered_in_4_bits(tiny_checkpoint: Path, capfd: pytest.CaptureFixture[str]):
    ask = ["chat", "--sensor", "examples/walking.csv", "--model", str(tiny_checkpoint), "--max-new-tokens", "3"]

    assert main([*ask, "--quantize", "nf4", "--device", "cpu", "--ask", "Tell me a story."]) == 0
    assert capfd.readouterr().out
