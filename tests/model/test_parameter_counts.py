from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llasa_core.model.adapter import add_adapter
from llasa_core.model.config import AdapterConfig, EncoderConfig
from llasa_core.model.limu_bert import LimuBert
from llasa_core.model.parameter_counts import (
    UnknownSizes,
    adapter_parameters,
    encoder_parameters,
    lm_parameters,
    lm_sizes,
    projector_parameters,
)
from llasa_core.model.projector import make_projector
from llasa_core.model.tiny_lm import tiny_lm

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("config", [EncoderConfig(), EncoderConfig(hidden=24, hidden_ff=48, max_len=60)])
def test_the_encoder_is_counted_as_torch_counts_it(config: EncoderConfig):
    encoder = LimuBert(config)

    assert encoder_parameters(config, with_decoder=True) == sum(p.numel() for p in encoder.parameters())
    assert encoder_parameters(config, with_decoder=False) == sum(p.numel() for p in encoder.transformer.parameters())


@pytest.mark.parametrize("kind", ["linear", "mlp1x_gelu", "mlp2x_gelu", "mlp3x_gelu"])
def test_the_projector_is_counted_as_torch_counts_it(kind: str):
    projector = make_projector(kind, 6, 10)

    assert projector_parameters(kind, 6, 10) == sum(p.numel() for p in projector.parameters())


def test_the_tiny_lm_is_counted_as_torch_counts_it():
    assert lm_parameters(lm_sizes("tiny-random")) == sum(p.numel() for p in tiny_lm(0).parameters())


@pytest.mark.parametrize("targets", ["all-linear", "attention"])
def test_the_adapter_is_counted_as_peft_makes_it(targets: str):
    config = AdapterConfig.model_validate({"rank": 3, "targets": targets})
    lm = tiny_lm(0)
    add_adapter(lm, config)

    trained = sum(p.numel() for p in lm.parameters() if p.requires_grad)
    assert adapter_parameters(config, lm_sizes("tiny-random")) == trained


@pytest.mark.parametrize(
    ("name", "parameters"),
    [  # as the models' cards count them
        ("smollm2-135m", 134_515_008),
        ("lmsys/vicuna-7b-v1.5", 6_738_415_616),
        ("lmsys/vicuna-13b-v1.5-16k", 13_015_864_320),
    ],
)
def test_known_lms_have_their_published_number_of_parameters(name: str, parameters: int):
    assert lm_parameters(lm_sizes(name)) == parameters


def test_a_local_folder_says_its_own_sizes(tmp_path: Path):
    (tmp_path / "config.json").write_text(json.dumps(lm_sizes("smollm2-135m")))

    assert lm_sizes(str(tmp_path)) == lm_sizes("smollm2-135m")


def test_an_lm_that_is_not_there_has_unknown_sizes():
    with pytest.raises(UnknownSizes, match=r"^the sizes of some/lm are not known before it is fetched$"):
        lm_sizes("some/lm")


def test_another_architecture_is_not_guessed():
    with pytest.raises(UnknownSizes, match=r"^the linear layers of a gpt2 LM are not known before it is loaded$"):
        adapter_parameters(AdapterConfig(), {"model_type": "gpt2"})
    with pytest.raises(UnknownSizes, match=r"^the parameters of a qwen2 LM are not known before it is loaded$"):
        lm_parameters({"model_type": "qwen2"})
