"""The model card that lies in every checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llasa_core.model.checkpoint import CheckpointConfig

MADE_BY = {
    "pretrain": "The projector was aligned on captions; encoder and LM are as they were.",
    "finetune": "Projector and LM were trained on conversations about windows.",
}


def model_card(config: CheckpointConfig, stage: str) -> str:
    """Return a card that says what the checkpoint is; what it scores is written by whoever measures it."""
    adapter = "none" if config.adapter is None else f"LoRA, rank {config.adapter.rank}, alpha {config.adapter.alpha:g}"
    return f"""# LLaSA checkpoint ({stage})

{MADE_BY[stage]} Made by `llasa {stage}` from the `recipe.yaml` in this folder.

| part | what |
|---|---|
| encoder | LIMU-BERT, hidden {config.encoder.hidden}, one block run {config.encoder.n_layers} times |
| projector | {config.model.projector}, {config.model.sensor_tokens} sensor tokens a window |
| base LM | {config.base_lm["name"]}, not in this folder |
| adapter | {adapter} |
| windows | {config.window_s:g} s at {config.sampling_rate_hz:g} Hz: acceleration with gravity, angular rate |
| activities | {", ".join(config.activities)} |

Not measured yet: `llasa eval` scores it on people it has not seen. It knows only the activities above, and answers
about windows of that length from sensors worn as in its training data. Not for medical use.
"""
