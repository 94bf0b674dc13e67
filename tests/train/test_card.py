from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml

from llasa_core.model.checkpoint import read_checkpoint_config
from llasa_core.model.shipped import SHIPPED
from llasa_core.train.card import card_fields, front_matter, hub_id_of, model_card, split_card

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.model.checkpoint import CheckpointConfig
    from llasa_core.train.card import LmTrained


@pytest.fixture(scope="module")
def config() -> CheckpointConfig:
    return read_checkpoint_config(SHIPPED / "smol")


@pytest.mark.parametrize(
    ("lm", "says"),
    [
        ("adapter", "| trained of the LM | a LoRA adapter, rank 8, alpha 16, in `adapter/` |"),
        (
            "whole",
            "| trained of the LM | all weights; they are in `lm.safetensors`, the base LM gives the architecture |",
        ),
        ("frozen", "| trained of the LM | nothing |"),
    ],
)
def test_a_card_says_what_of_the_lm_was_trained(lm: LmTrained, says: str, config: CheckpointConfig):
    of_this = config if lm == "adapter" else replace(config, adapter=None)

    assert says in model_card(of_this, "finetune", lm).splitlines()


@pytest.mark.parametrize(("lm", "relation"), [("adapter", "adapter"), ("whole", "finetune")])
def test_front_matter_names_licence_base_model_and_library(lm: LmTrained, relation: str, config: CheckpointConfig):
    fields = yaml.safe_load(model_card(config, "finetune", lm).split("---\n")[1])

    assert fields["license"] == "apache-2.0"
    assert fields["base_model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert fields["base_model_relation"] == relation
    assert fields["library_name"] == "llasa"
    assert ("lora" in fields["tags"]) == (lm == "adapter")


def test_a_local_base_lm_stays_private(config: CheckpointConfig, tmp_path: Path):
    local = replace(config, base_lm={**config.base_lm, "name": str(tmp_path / "vicuna")})

    card = model_card(local, "pretrain")

    assert str(tmp_path) not in card
    assert "| base LM | vicuna, not in this folder |" in card
    assert "base_model" not in card_fields(local, "frozen")
    assert card_fields(local, "frozen")["license_name"] == "as-base-model"


def test_a_hub_id_is_its_own_name():
    assert hub_id_of("lmsys/vicuna-7b-v1.5") == "lmsys/vicuna-7b-v1.5"
    assert hub_id_of("tiny-random") is None


@pytest.mark.parametrize("card", ["# no fields\n", "---\n- a list\n---\nx\n", "---\na: [\n---\nx\n", "---\na: 1\n"])
def test_a_card_without_fields_is_all_text(card: str):
    assert split_card(card) == ({}, card)


def test_a_card_is_split_into_what_it_was_made_of():
    assert split_card(front_matter({"license": "mit", "tags": ["ü"]}) + "# A\n\n---\n") == (
        {"license": "mit", "tags": ["ü"]},
        "# A\n\n---\n",
    )


def test_the_shipped_checkpoints_card_has_front_matter():
    fields, text = split_card((SHIPPED / "smol" / "README.md").read_text(encoding="utf-8"))

    assert fields["license"] == "apache-2.0"
    assert fields["model-index"][0]["results"][0]["metrics"][0] == {
        "type": "accuracy",
        "name": "Accuracy",
        "value": 0.973,
    }
    assert "accuracy 0.973" in text
