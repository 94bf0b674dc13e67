"""The other side of `train.py`: the same model as people fine-tune it with `transformers.Trainer` and peft.

Samples of a batch are padded on the right to the longest of them, the LM computes logits at every position and the loss
itself, and everything else is the Trainer's default: its attention, its data loader, its optimizer.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from torch import nn
from torch.utils.data import Dataset, SequentialSampler
from transformers import Trainer, TrainerCallback, TrainingArguments

from llasa_core.model.multimodal import sensor_vectors
from llasa_core.model.prompt import SENSOR_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.model.limu_bert import LimuBert
    from llasa_core.recipe import Recipe

NOT_LEARNED = -100


class PaddedModel(nn.Module):
    """Encoder, projector and LM behind the one forward that the Trainer calls."""

    def __init__(self, recipe: Recipe, encoder: LimuBert, projector: nn.Module, lm: Any) -> None:
        super().__init__()
        self._settings = recipe.model
        self.encoder = encoder.requires_grad_(requires_grad=False)
        self.projector = projector
        adapter = recipe.finetune.adapter
        settings = LoraConfig(
            r=adapter.rank,
            lora_alpha=adapter.alpha,
            lora_dropout=adapter.dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
        self.lm = get_peft_model(lm, settings) if recipe.finetune.lm == "adapter" else lm
        if recipe.finetune.lm == "whole":
            self.lm.requires_grad_(requires_grad=True)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        labels: torch.Tensor,
        windows: torch.Tensor,
        **more: Any,
    ) -> Any:
        """Return what a causal LM of transformers returns, with its loss."""
        embeds = self.lm.get_input_embeddings()(input_ids.clamp(min=0))
        with torch.autocast(embeds.device.type, enabled=False):
            sensor = sensor_vectors(self._settings, self.encoder, self.projector, windows).flatten(0, 1)
        embeds = embeds.masked_scatter((input_ids == SENSOR_ID)[..., None], sensor.to(embeds.dtype))
        return self.lm(inputs_embeds=embeds, attention_mask=attention_mask, labels=labels, use_cache=False, **more)


Sample = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Ids with `SENSOR_ID` at each sensor token, which of them are learned, and the windows."""


class Samples(Dataset[Sample]):
    """Samples that are read when they are asked for."""

    def __init__(self, read: Callable[[int], Sample], order: Sequence[int]) -> None:
        self._read = read
        self._order = order

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, place: int) -> Sample:
        return self._read(self._order[place])


def padded(samples: Sequence[Sample]) -> dict[str, torch.Tensor]:
    """Put samples into one batch, padded on the right to the longest."""
    shape = (len(samples), max(len(ids) for ids, _, _ in samples))
    batch = {
        "input_ids": torch.zeros(shape, dtype=torch.int64),
        "attention_mask": torch.zeros(shape, dtype=torch.int64),
        "labels": torch.full(shape, NOT_LEARNED),
    }
    for row, (ids, is_answer, _) in enumerate(samples):
        batch["input_ids"][row, : len(ids)] = torch.from_numpy(ids)
        batch["attention_mask"][row, : len(ids)] = 1
        batch["labels"][row, : len(ids)] = torch.from_numpy(np.where(is_answer, ids, NOT_LEARNED))
    return {**batch, "windows": torch.from_numpy(np.concatenate([windows for _, _, windows in samples]))}


class InOrder(Trainer):
    """The Trainer, which sees the samples in the order that they are given in; ours sees the same."""

    def _get_train_sampler(self, *_: Any, **__: Any) -> SequentialSampler:
        samples: Any = self.train_dataset
        return SequentialSampler(samples)


class _AtEachStep(TrainerCallback):
    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self._tell()


def train_padded(
    model: PaddedModel, recipe: Recipe, samples: Samples, tell: Callable[[], None], *, on_cpu: bool
) -> None:
    """Train one epoch of the samples with the recipe's batch and types; `tell` is called after each step."""
    config = recipe.finetune
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingArguments(
            folder,
            use_cpu=on_cpu,
            bf16=recipe.model.dtype == "bfloat16",
            per_device_train_batch_size=config.batch_size,
            num_train_epochs=1,
            learning_rate=config.learning_rate,
            weight_decay=config.weight_decay,
            max_grad_norm=config.max_grad_norm,
            logging_steps=config.log_every,
            remove_unused_columns=False,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        trainer = InOrder(model, settings, train_dataset=samples, data_collator=padded, callbacks=[_AtEachStep(tell)])
        trainer.train()
