# ruff: noqa: PLC0415 - most tests do without torch, and should not wait for it
"""Fixtures that every part's tests use."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of research data beside the checkout; tests that need it skip where it is not."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("needs the research data in ../shared")
    return folder


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an untrained checkpoint on the random two-layer LM: its answers have no sense, all else is real."""
    import torch

    from llasa_core.model.base_lm import identity_of, load_lm, locate
    from llasa_core.model.checkpoint import CheckpointConfig, save_checkpoint
    from llasa_core.model.config import EncoderConfig, ModelConfig
    from llasa_core.model.limu_bert import LimuBert
    from llasa_core.model.multimodal import LlasaModel
    from llasa_core.model.prompt import make_template
    from llasa_core.model.text import TextCodec

    base = locate("tiny-random")
    config = ModelConfig(base_lm=base.name, dtype="float32")
    codec = TextCodec.of(base)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder = LimuBert(EncoderConfig())
        model = LlasaModel(config, encoder, load_lm(base, config.dtype), codec, make_template(config, codec))
    folder = tmp_path_factory.mktemp("tiny") / "checkpoint"
    activities = ("walking", "sitting", "lying")
    saved = CheckpointConfig(EncoderConfig(), config, None, identity_of(base), activities, 20.0, 6.0)
    save_checkpoint(model, saved, folder, recipe="", card="")
    return folder
