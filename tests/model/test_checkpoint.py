from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file

from llasa_core.data.qa import Turn
from llasa_core.errors import ModelError
from llasa_core.model.adapter import add_adapter
from llasa_core.model.base_lm import TINY, BaseLm, identity_of, load_lm
from llasa_core.model.checkpoint import CheckpointConfig, load_checkpoint, save_checkpoint
from llasa_core.model.collate import Sample
from llasa_core.model.config import AdapterConfig
from llasa_core.model.score import score_choices

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.model.multimodal import LlasaModel

ASK = Turn("human", "<sensor>\nWhat is the person doing?")
WORDS = ("Walking.", "Sitting.")
ADAPTER = AdapterConfig(rank=4)


@pytest.fixture
def trained(model: LlasaModel) -> LlasaModel:
    """A model whose adapter does something."""
    torch.manual_seed(3)
    add_adapter(model.lm, ADAPTER)
    with torch.no_grad():
        for name, parameter in model.lm.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.05)
    return model


@pytest.fixture
def saved(trained: LlasaModel, tmp_path: Path) -> Path:
    config = CheckpointConfig(
        encoder=trained.encoder.config,
        model=trained.config,
        adapter=ADAPTER,
        base_lm={**identity_of(BaseLm(TINY, None)), "seed": 1},
        activities=("walking", "sitting"),
        sampling_rate_hz=20.0,
        window_s=6.0,
    )
    folder = tmp_path / "checkpoint"
    save_checkpoint(trained, config, folder, recipe="seed: 7\n", card="# A card\n")
    return folder


def test_a_loaded_model_scores_as_the_saved_one(trained: LlasaModel, saved: Path, windows: np.ndarray):
    samples = [Sample(window[None], (ASK,)) for window in windows]

    loaded = score_choices(load_checkpoint(saved, device="cpu"), samples, WORDS)

    # the adapter runs beside the weights in training and is added to them when loaded: equal up to rounding
    np.testing.assert_allclose(loaded, score_choices(trained, samples, WORDS), atol=1e-4)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft asks transformers
def test_the_adapter_is_in_pefts_own_format(trained: LlasaModel, saved: Path, windows: np.ndarray):
    fresh = load_checkpoint(saved, device="cpu")
    fresh.lm = PeftModel.from_pretrained(load_lm(BaseLm(TINY, None), "float32", seed=1), saved / "adapter")
    fresh.lm = fresh.lm.get_base_model()
    samples = [Sample(window[None], (ASK,)) for window in windows[:2]]

    np.testing.assert_allclose(score_choices(fresh, samples, WORDS), score_choices(trained, samples, WORDS), atol=1e-4)


def test_the_folder_holds_all_but_the_base_lm(saved: Path):
    assert sorted(path.relative_to(saved).as_posix() for path in saved.rglob("*") if path.is_file()) == [
        "README.md",
        "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors",
        "config.json",
        "encoder.safetensors",
        "projector.safetensors",
        "recipe.yaml",
        "tokenizer.json",
        "tokenizer_config.json",
    ]


def test_no_checkpoint_is_said_with_what_to_do(tmp_path: Path):
    with pytest.raises(ModelError) as caught:
        load_checkpoint(tmp_path)

    assert str(caught.value) == (
        f"there is no checkpoint in {tmp_path}: config.json is missing\n"
        f"  where: {tmp_path / 'config.json'}\n"
        "  fix:   name a folder that `llasa finetune` wrote, such as `runs/smol/finetune/checkpoint`"
    )


@pytest.mark.parametrize("name", ["encoder.safetensors", "projector.safetensors", "adapter/adapter_model.safetensors"])
def test_a_file_that_was_cut_off_is_named(saved: Path, name: str):
    content = (saved / name).read_bytes()
    (saved / name).write_bytes(content[: len(content) // 2])

    with pytest.raises(ModelError) as caught:
        load_checkpoint(saved, device="cpu")

    assert caught.value.where == str(saved / name)
    assert "copy the checkpoint again" in (caught.value.fix or "")


def test_missing_and_extra_tensors_are_errors(saved: Path):
    file = saved / "projector.safetensors"
    tensors = load_file(file)
    tensors["3.weight"] = tensors.pop("2.bias")
    save_file(tensors, file)

    with pytest.raises(ModelError) as caught:
        load_checkpoint(saved, device="cpu")

    assert str(caught.value) == (
        "projector.safetensors does not fit this checkpoint's config.json: "
        "`2.bias` is missing; `3.weight` is not expected\n"
        f"  where: {file}\n"
        "  fix:   copy the whole checkpoint again; its files belong together"
    )


def test_an_adapter_without_one_of_its_layers_is_an_error(saved: Path):
    file = saved / "adapter" / "adapter_model.safetensors"
    tensors = load_file(file)
    layer = next(name for name in tensors if "layers.1.mlp.up_proj" in name).rsplit(".lora_", 1)[0]
    save_file({name: value for name, value in tensors.items() if not name.startswith(layer)}, file)

    with pytest.raises(ModelError, match=r"layers\.1\.mlp\.up_proj\.lora_A\.weight` is missing"):
        load_checkpoint(saved, device="cpu")


def test_another_base_lm_is_an_error(saved: Path):
    file = saved / "config.json"
    config = json.loads(file.read_text())
    config["base_lm"]["num_hidden_layers"] = 30
    file.write_text(json.dumps(config))

    with pytest.raises(ModelError) as caught:
        load_checkpoint(saved, device="cpu")

    assert str(caught.value) == (
        "`tiny-random` is not the base LM of this checkpoint: num_hidden_layers 2, trained on 30\n"
        f"  where: {file}\n"
        "  fix:   pass `--base-lm` with a copy of tiny-random, or leave it out"
    )


def test_other_weights_of_the_same_base_lm_are_a_warning(saved: Path):
    file = saved / "config.json"
    config = json.loads(file.read_text())
    config["base_lm"]["weights_fingerprint"] = "another"
    file.write_text(json.dumps(config))
    said: list[str] = []

    load_checkpoint(saved, device="cpu", say=said.append)

    assert said == [
        (
            "warning: tiny-random has other weights than tiny-random, which this checkpoint was trained on; "
            "its answers may suffer"
        )
    ]
