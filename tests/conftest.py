# ruff: noqa: PLC0415 - most tests do without torch, and should not wait for it
"""Fixtures that every part's tests use."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell leaves it to what runs in its background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # so that Ctrl-C reaches the programs that tests start


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


@pytest.fixture
def hapt_folder(tmp_path: Path) -> Path:
    """Return a folder like HAPT's RawData: two people, 30 s each, half walking and half sitting, 1 s unlabelled."""
    folder = tmp_path / "RawData"
    write_hapt(folder, users=(1, 3), seconds=30)
    return folder


@pytest.fixture
def make_hapt() -> Callable[..., None]:
    """Return what writes a folder like HAPT's RawData: `make_hapt(folder, users=(1, 3), seconds=30)`."""
    return write_hapt


def write_hapt(folder: Path, *, users: Sequence[int], seconds: int) -> None:
    """Write one experiment a person: walking, then a transition of 1 s, then sitting, and 1 s without a label."""
    folder.mkdir()
    labels = []
    for experiment, user in enumerate(users, start=1):
        random = np.random.default_rng(user)
        half = 50 * seconds // 2
        gravity = np.tile([1.0, 0.0, 0.0], (2 * half, 1))
        for sensor, level in (("acc", gravity), ("gyro", 0 * gravity)):
            noise = random.normal(size=(2 * half, 3)) * np.repeat([[0.3], [0.001]], half, axis=0)
            np.savetxt(folder / f"{sensor}_exp{experiment:02d}_user{user:02d}.txt", level + noise, fmt="%.9g")
        labels += [
            f"{experiment} {user} 1 0 {half - 51}",
            f"{experiment} {user} 8 {half - 50} {half - 1}",
            f"{experiment} {user} 4 {half} {2 * half - 51}",
        ]
    (folder / "labels.txt").write_text("\n".join(labels) + "\n")
