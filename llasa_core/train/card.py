"""The model card that lies in every checkpoint, with the front matter that the Hugging Face hub reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from llasa_core.model.base_lm import EMBEDDED

if TYPE_CHECKING:
    from llasa_core.model.checkpoint import CheckpointConfig

LmTrained = Literal["adapter", "whole", "frozen"]

MADE_BY = {
    ("pretrain", "frozen"): "The projector was aligned on captions; encoder and LM are as they were.",
    ("finetune", "adapter"): "The projector and a LoRA adapter on the LM were trained on conversations about windows.",
    ("finetune", "whole"): "The projector and all weights of the LM were trained on conversations about windows.",
    ("finetune", "frozen"): "The projector was trained on conversations about windows; the LM is as it was.",
}
HUB_IDS = {"smollm2-135m": "HuggingFaceTB/SmolLM2-135M-Instruct"}
"""What our aliases are called on the hub."""
TAGS = ("llasa", "imu", "accelerometer", "gyroscope", "human-activity-recognition", "sensor-language-model")
FENCE = "---\n"


def model_card(config: CheckpointConfig, stage: str, lm: LmTrained = "frozen") -> str:
    """Return a card that says what the checkpoint is; what it scores is written by whoever measures it.

    Args:
        config: of the checkpoint.
        stage: `pretrain` or `finetune`.
        lm: what of the LM was trained.
    """
    return (
        front_matter(card_fields(config, lm))
        + f"""# LLaSA checkpoint ({stage})

{MADE_BY[stage, lm]} Made by `llasa {stage}` from the `recipe.yaml` in this folder.

| part | what |
|---|---|
| encoder | LIMU-BERT, hidden {config.encoder.hidden}, one block run {config.encoder.n_layers} times |
| projector | {config.model.projector}, {config.model.sensor_tokens} sensor tokens a window |
| base LM | {shown_base(config)}, not in this folder |
| trained of the LM | {_trained_of_lm(config, lm)} |
| windows | {config.window_s:g} s at {config.sampling_rate_hz:g} Hz: acceleration with gravity, angular rate |
| activities | {", ".join(config.activities)} |

Not measured yet: `llasa eval` scores it on people it has not seen. It knows only the activities above, and answers
about windows of that length from sensors worn as in its training data. Not for medical use.
"""
    )


def card_fields(config: CheckpointConfig, lm: LmTrained) -> dict[str, Any]:
    """Return the front matter: licence, base model, library, tags. A local base LM's path stays private."""
    name = config.base_lm["name"]
    fields: dict[str, Any] = {"library_name": "llasa"}
    if name in EMBEDDED:
        fields["license"] = EMBEDDED[name].licence.lower()
    else:  # what it allows is for the base LM's owner to say
        fields |= {"license": "other", "license_name": "as-base-model"}
    if (hub_id := hub_id_of(name)) is not None:
        relation = {"adapter": "adapter", "whole": "finetune", "frozen": "adapter"}[lm]
        fields |= {"base_model": hub_id, "base_model_relation": relation}
    return fields | {"tags": [*TAGS, *(["lora"] if lm == "adapter" else [])]}


def hub_id_of(base_lm: str) -> str | None:
    """Return what a base LM is called on the hub; None for a local folder and for the random LM."""
    if base_lm in HUB_IDS:
        return HUB_IDS[base_lm]
    is_id = base_lm.count("/") == 1 and not base_lm.startswith((".", "/", "~")) and not Path(base_lm).is_dir()
    return base_lm if is_id else None


def front_matter(fields: dict[str, Any]) -> str:
    """Write fields between two fences, with an empty line after them."""
    return f"{FENCE}{yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)}{FENCE}\n"


def split_card(card: str) -> tuple[dict[str, Any], str]:
    """Return a card's fields and its text; no fields where it has no front matter, or none that can be read."""
    if not card.startswith(FENCE):
        return {}, card
    head, fence, body = card.removeprefix(FENCE).partition(f"\n{FENCE}")
    try:
        fields = yaml.safe_load(head)
    except yaml.YAMLError:
        fields = None
    return (fields, body.lstrip("\n")) if fence and isinstance(fields, dict) else ({}, card)


def shown_base(config: CheckpointConfig) -> str:
    """Return the base LM's name, without the path of a local folder."""
    name = str(config.base_lm["name"])
    return name if name in EMBEDDED or hub_id_of(name) else Path(name).name


def _trained_of_lm(config: CheckpointConfig, lm: LmTrained) -> str:
    if lm == "whole":
        return "all weights; they are in `lm.safetensors`, the base LM gives the architecture"
    if config.adapter is None:
        return "nothing"
    return f"a LoRA adapter, rank {config.adapter.rank}, alpha {config.adapter.alpha:g}, in `adapter/`"
