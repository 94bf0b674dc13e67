"""What each stage trains, on what, and what it leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from llasa_core.data.qa import read_qa
from llasa_core.data.store import WindowStore
from llasa_core.errors import DataError
from llasa_core.files import written_whole
from llasa_core.model.adapter import add_adapter
from llasa_core.model.base_lm import identity_of, load_lm, locate
from llasa_core.model.checkpoint import CheckpointConfig, save_checkpoint
from llasa_core.model.collate import Batch, collate, encode, length_of
from llasa_core.model.limu_bert import LimuBert
from llasa_core.model.masking import mask_spans, masked_positions
from llasa_core.model.multimodal import LlasaModel, Loss
from llasa_core.model.prompt import make_template
from llasa_core.model.tensors import load_module, save_module
from llasa_core.model.text import TextCodec
from llasa_core.recipe_file import recipe_yaml
from llasa_core.train.card import model_card
from llasa_core.train.engine import OptimizerConfig, ParameterGroup
from llasa_core.train.schedule import Schedule, learning_rate_factor, micro_batches

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn

    from llasa_core.model.config import EncoderConfig
    from llasa_core.recipe import FinetuneConfig, PretrainConfig, Recipe

ENCODER_FILE = "encoder.safetensors"


class Stage(Protocol):
    """What the loop needs to know of a stage."""

    @property
    def model(self) -> nn.Module:
        """What is trained, and what it needs to compute."""

    optimizer: OptimizerConfig
    n_steps: int
    save_every: int
    log_every: int
    unit: str
    """What a step's speed is counted in."""

    def factor(self, step: int) -> float:
        """Return the share of the peak learning rate."""

    def parts(self, step: int, rank: int, world_size: int) -> list[Any]:
        """Return this rank's micro-batches of a step; every rank has the same number, some may be empty."""

    def n_items(self, step: int) -> int:
        """Return what a step's loss is divided by, over all ranks."""

    def loss(self, part: Any, device: torch.device) -> Loss:
        """Compute the summed loss of one micro-batch."""

    def save_result(self, folder: Path) -> None:
        """Write what the stage has made; called on one rank."""


class EncoderStage:
    """LIMU-BERT by masked reconstruction of the training windows.

    Source:
        Xu et al., LIMU-BERT, SenSys 2021, section 4; LIMU-BERT-Public/pretrain.py: Adam at a constant 1e-3, loss on the
        masked positions only. Differs: a mask is drawn for each window and epoch from (seed, step), so that a run can
        resume anywhere, and the last position is masked as often as the others.
    """

    unit = "masked values"
    log_every = 50

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        self._recipe = recipe
        config = recipe.encoder.pretraining
        self._store = WindowStore(recipe.data.folder)
        rows = self._store.rows("train")
        if len(rows) == 0:
            raise DataError("the split `train` has no windows", where=recipe.data.folder, fix="prepare more people")
        torch.manual_seed(recipe.seed)
        self.model: LimuBert = LimuBert(recipe.encoder).to(device)
        self._samples = self.model.scale(torch.from_numpy(self._store.take(rows)))
        self._schedule = Schedule(len(rows), config.batch_size, config.epochs, len(rows), None, recipe.seed)
        self.n_steps = self._schedule.n_steps
        self.save_every = config.save_every
        group = ParameterGroup("encoder", list(self.model.parameters()), config.learning_rate)
        self.optimizer = OptimizerConfig((group,), weight_decay=0.0, max_grad_norm=None)

    def factor(self, step: int) -> float:  # noqa: ARG002 - constant, as published
        """See `Stage.factor`."""
        return 1.0

    def _mask(self, step: int) -> np.ndarray:
        config = self._recipe.encoder.pretraining
        rng = np.random.default_rng((self._recipe.seed, step))
        n_windows = len(self._schedule.items_of(step))
        return mask_spans(rng, n_windows, self._samples.shape[1], config.masked_fraction, config.max_span)

    def parts(self, step: int, rank: int, world_size: int) -> list[Any]:
        """See `Stage.parts`."""
        config = self._recipe.encoder.pretraining
        rows = self._schedule.items_of(step)
        is_masked = self._mask(step)
        is_kept = np.random.default_rng((self._recipe.seed, step, 1)).random(len(rows)) < config.keep_probability
        mine = slice(rank, None, world_size)
        return [(rows[mine], is_masked[mine], is_kept[mine])]

    def n_items(self, step: int) -> int:
        """See `Stage.n_items`: masked values."""
        _, window_len, n_channels = self._samples.shape
        n_masked = masked_positions(window_len, self._recipe.encoder.pretraining.masked_fraction)
        return len(self._schedule.items_of(step)) * n_masked * n_channels

    def loss(self, part: Any, device: torch.device) -> Loss:
        """See `Stage.loss`: squared error of the masked samples."""
        rows, is_masked, is_kept = part
        samples = self._samples[torch.from_numpy(rows)].to(device)
        masked = torch.from_numpy(is_masked).to(device)
        hidden = masked & ~torch.from_numpy(is_kept).to(device)[:, None]
        predicted = self.model.reconstruct(samples.masked_fill(hidden[..., None], 0.0))
        errors = (predicted - samples)[masked]
        return Loss(errors.square().sum(), errors.numel())

    def save_result(self, folder: Path) -> None:
        """See `Stage.save_result`: `encoder.safetensors`."""
        with written_whole(folder) as beside:
            beside.mkdir()
            save_module(self.model, beside / ENCODER_FILE)
            (beside / "recipe.yaml").write_text(recipe_yaml(self._recipe), encoding="utf-8")


class LanguageStage:
    """Pretrain or finetune: conversations about windows, learned at their answers."""

    unit = "answer tokens"

    def __init__(self, recipe: Recipe, config: PretrainConfig | FinetuneConfig, model: LlasaModel) -> None:
        self._recipe = recipe
        self._config = config
        self.model = model
        self._store = WindowStore(recipe.data.folder)
        kinds = config.kinds
        items = [item for item in read_qa(recipe.data.folder / "qa-train.json") if kinds is None or item.kind in kinds]
        if not items:
            raise DataError(
                f"the data folder has no QA items of kind {' or '.join(kinds) if kinds else 'any'} to train on",
                where=recipe.data.folder / "qa-train.json",
                fix="prepare the data with questions (`--qa facts`), or name other `kinds` in the recipe",
            )
        self._rows = [[self._store.row_of(ref) for ref in item.windows] for item in items]
        self._encoded = [encode(model.template, item.conversations, len(item.windows)) for item in items]
        self._lengths = np.array([length_of(one, model.config.sensor_tokens) for one in self._encoded])
        self._answer_tokens = np.array([sum(one.is_answer) for one in self._encoded])
        self._schedule = Schedule.of(config, len(items), recipe.seed)
        self.n_steps = self._schedule.n_steps
        self.save_every = config.save_every
        self.log_every = config.log_every

    def factor(self, step: int) -> float:
        """See `Stage.factor`."""
        return learning_rate_factor(step, self.n_steps, self._config.warmup_fraction)

    def parts(self, step: int, rank: int, world_size: int) -> list[Any]:
        """See `Stage.parts`."""
        items = self._schedule.items_of(step)
        dealt = micro_batches(self._lengths[items].tolist(), self._config.micro_batch_tokens, world_size)
        return [self._batch(items[part]) for part in dealt[rank]]

    def _batch(self, items: np.ndarray) -> Batch:
        chosen = items.tolist() or [0]  # an empty part computes something of no weight, so that ranks stay in step
        encoded = [self._encoded[i] for i in chosen]
        windows = [self._store.take(self._rows[i]) for i in chosen]
        batch = collate(encoded, windows, self.model.config.sensor_tokens)
        if len(items) == 0:
            batch.is_answer.zero_()
        return batch

    def n_items(self, step: int) -> int:
        """See `Stage.n_items`: answer tokens."""
        return int(self._answer_tokens[self._schedule.items_of(step)].sum())

    def loss(self, part: Any, device: torch.device) -> Loss:
        """See `Stage.loss`: cross-entropy of the answer tokens."""
        loss: Loss = self.model(part.to(device))
        return loss

    def _activities(self) -> tuple[str, ...]:
        """Return the activities that training people were seen doing."""
        present = set(self._store.activity[self._store.rows("train")].tolist())
        return tuple(name for i, name in enumerate(self._store.activity_names) if i in present)

    def _config_of(self, adapter: Any) -> CheckpointConfig:
        base = locate(self.model.config.base_lm)
        return CheckpointConfig(
            encoder=self.model.encoder.config,
            model=self.model.config,
            adapter=adapter,
            base_lm={**identity_of(base), "seed": self._recipe.seed},
            activities=self._activities(),
            sampling_rate_hz=self._store.sampling_rate_hz,
            window_s=self._store.window_s,
        )


class PretrainStage(LanguageStage):
    """Align the projector; encoder and LM are frozen."""

    def __init__(self, recipe: Recipe, encoder: Path, device: torch.device, say: Callable[[str], None]) -> None:
        config = recipe.pretrain
        model = build_model(recipe, read_encoder(encoder, recipe.encoder), device, say)
        super().__init__(recipe, config, model)
        model.requires_grad_(requires_grad=False)
        model.projector.requires_grad_(requires_grad=True)
        group = ParameterGroup("projector", list(model.projector.parameters()), config.learning_rate)
        self.optimizer = OptimizerConfig((group,), config.weight_decay, config.max_grad_norm, config.zero_stage)

    def save_result(self, folder: Path) -> None:
        """See `Stage.save_result`: a checkpoint without an adapter."""
        config = self._config_of(None)
        card = model_card(config, "pretrain")
        save_checkpoint(self.model, config, folder, recipe=recipe_yaml(self._recipe), card=card)


class FinetuneStage(LanguageStage):
    """Train projector and adapter (or the whole LM) on conversations, from the pretrain run's result."""

    def __init__(self, recipe: Recipe, pretrained: Path, device: torch.device, say: Callable[[str], None]) -> None:
        config = recipe.finetune
        model = build_model(recipe, read_encoder(pretrained / ENCODER_FILE, recipe.encoder), device, say)
        load_module(model.projector, pretrained / "projector.safetensors")
        super().__init__(recipe, config, model)
        model.requires_grad_(requires_grad=False)
        if config.lm == "whole":
            model.lm.requires_grad_(requires_grad=True)
        elif config.lm == "adapter":
            torch.manual_seed(recipe.seed)
            add_adapter(model.lm, config.adapter)
        model.projector.requires_grad_(requires_grad=True)
        if config.encoder_learning_rate is not None:
            model.encoder.transformer.requires_grad_(requires_grad=True)
        rates = {
            "lm": (model.lm, config.learning_rate),
            "projector": (model.projector, config.projector_learning_rate or config.learning_rate),
            "encoder": (model.encoder, config.encoder_learning_rate or 0.0),
        }
        groups = tuple(
            ParameterGroup(name, [p for p in module.parameters() if p.requires_grad], rate)
            for name, (module, rate) in rates.items()
        )
        self.optimizer = OptimizerConfig(groups, config.weight_decay, config.max_grad_norm, config.zero_stage)

    def save_result(self, folder: Path) -> None:
        """See `Stage.save_result`: a checkpoint with the adapter or the whole LM."""
        finetune = self._recipe.finetune
        config = self._config_of(finetune.adapter if finetune.lm == "adapter" else None)
        card = model_card(config, "finetune")
        save_checkpoint(
            self.model, config, folder, recipe=recipe_yaml(self._recipe), card=card, whole_lm=finetune.lm == "whole"
        )


def read_encoder(path: Path, config: EncoderConfig) -> LimuBert:
    """Read an encoder from a file of ours, of the recipe's sizes, or from a published `.pt`, which has its own."""
    if path.suffix != ".safetensors":
        return LimuBert.from_published(path)
    encoder = LimuBert(config)
    load_module(encoder, path)
    return encoder.eval()


def build_model(recipe: Recipe, encoder: LimuBert, device: torch.device, say: Callable[[str], None]) -> LlasaModel:
    """Put encoder, a fresh projector and the base LM together on a device."""
    base = locate(recipe.model.base_lm, say)
    lm = load_lm(base, recipe.model.dtype, str(device), seed=recipe.seed)
    codec = TextCodec.of(base)
    torch.manual_seed(recipe.seed)
    model = LlasaModel(recipe.model, encoder, lm, codec, make_template(recipe.model, codec))
    return model.to(device)
