"""A whole tiny model: random LM of two layers, byte-level tokenizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from llasa_core.model.base_lm import TINY, BaseLm, load_lm
from llasa_core.model.config import EncoderConfig, ModelConfig
from llasa_core.model.limu_bert import LimuBert
from llasa_core.model.multimodal import LlasaModel
from llasa_core.model.prompt import make_template
from llasa_core.model.text import TextCodec

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.model.prompt import PromptTemplate


@pytest.fixture
def codec() -> TextCodec:
    return TextCodec.of(BaseLm(TINY, None))


@pytest.fixture
def template(codec: TextCodec) -> PromptTemplate:
    return make_template(ModelConfig(base_lm=TINY), codec)


@pytest.fixture
def make_model(codec: TextCodec) -> Callable[..., LlasaModel]:
    def make(**settings: object) -> LlasaModel:
        config = ModelConfig(base_lm=TINY, dtype="float32", **settings)
        lm = load_lm(BaseLm(TINY, None), "float32", seed=1)
        torch.manual_seed(0)
        return LlasaModel(config, LimuBert(EncoderConfig()), lm, codec, make_template(config, codec)).eval()

    return make


@pytest.fixture
def model(make_model: Callable[..., LlasaModel]) -> LlasaModel:
    return make_model()


@pytest.fixture
def make_real_model() -> Callable[[], LlasaModel]:
    """Return what opens the shipped checkpoint on its base LM, in float32."""
    from llasa_core.model.checkpoint import load_checkpoint  # noqa: PLC0415 - for tests of a real LM alone
    from llasa_core.model.shipped import shipped  # noqa: PLC0415 - as above

    def make() -> LlasaModel:
        folder = shipped("smol")
        assert folder is not None
        model = load_checkpoint(folder, device="cpu")
        model.lm.float()
        object.__setattr__(model.config, "dtype", "float32")
        return model

    return make


@pytest.fixture
def windows() -> np.ndarray:
    """Eight windows that differ, about as large as real ones: float32 [8, 120, 6]."""
    return np.random.default_rng(0).normal(0, 3, (8, 120, 6)).astype(np.float32)
