"""Checkpoints of the two-layer LM with something trained in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from llasa_core.data.qa import Turn
from llasa_core.export.source import Source, find_source
from llasa_core.model.adapter import add_adapter
from llasa_core.model.base_lm import identity_of, load_lm, locate
from llasa_core.model.checkpoint import CheckpointConfig, load_checkpoint, save_checkpoint
from llasa_core.model.collate import Sample
from llasa_core.model.config import AdapterConfig, EncoderConfig, ModelConfig
from llasa_core.model.limu_bert import LimuBert
from llasa_core.model.multimodal import LlasaModel
from llasa_core.model.prompt import make_template
from llasa_core.model.score import score_choices
from llasa_core.model.text import TextCodec
from llasa_core.train.card import model_card

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.train.card import LmTrained

WORDS = ("walking", "sitting", "lying")
ADAPTER = AdapterConfig(rank=2)


def write_checkpoint(folder: Path, lm_trained: LmTrained, n_layers: int = 2, **settings: object) -> Path:
    """Write a checkpoint whose adapter, or LM, is far from where it began."""
    base = locate("tiny-random")
    config = ModelConfig(base_lm=base.name, dtype="float32", **settings)
    codec = TextCodec.of(base)
    sizes = EncoderConfig(n_layers=n_layers)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        lm = load_lm(base, "float32")
        model = LlasaModel(config, LimuBert(sizes), lm, codec, make_template(config, codec))
        if lm_trained == "adapter":
            add_adapter(lm, ADAPTER)
        with torch.no_grad():
            for name, parameter in lm.named_parameters():
                if lm_trained == "whole" or (lm_trained == "adapter" and "lora_" in name):
                    parameter.add_(torch.randn_like(parameter), alpha=0.3)
    adapter = ADAPTER if lm_trained == "adapter" else None
    saved = CheckpointConfig(sizes, config, adapter, identity_of(base), WORDS, 20.0, 6.0)
    card = model_card(saved, "finetune", lm_trained)
    save_checkpoint(model, saved, folder, recipe="seed: 1\n", card=card, whole_lm=lm_trained == "whole")
    return folder


@pytest.fixture(scope="session")
def scores() -> Callable[[Path], np.ndarray]:
    """What a checkpoint thinks of three answers about two windows: `scores(folder)`, `[2, 3]`."""
    windows = np.random.default_rng(0).normal(0, 3, (2, 120, 6)).astype(np.float32)
    ask = Turn("human", "<sensor>\nWhat is the person doing?")

    def score(folder: Path) -> np.ndarray:
        samples = [Sample(window[None], (ask,)) for window in windows]
        return score_choices(load_checkpoint(folder, device="cpu"), samples, WORDS)

    return score


@pytest.fixture(scope="session")
def with_motion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose projector takes the light head's numbers, too."""
    folder = tmp_path_factory.mktemp("motion") / "checkpoint"
    return write_checkpoint(folder, "adapter", statistics=True, motion=True)


@pytest.fixture(scope="session")
def with_adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("adapter") / "checkpoint", "adapter", statistics=True)


@pytest.fixture(scope="session")
def with_whole_lm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("whole") / "checkpoint", "whole", n_layers=1, projector="linear")


@pytest.fixture
def source(with_adapter: Path) -> Source:
    return find_source(with_adapter, Path("runs"))
