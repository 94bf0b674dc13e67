"""Pretrain and finetune: conversations about windows, learned at their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from llasa_core.data.grounded.activities import activity_answer
from llasa_core.data.split_items import split_items
from llasa_core.data.store import WindowStore
from llasa_core.data.turning import random_orientations, turned
from llasa_core.model.adapter import add_adapter
from llasa_core.model.attention import choose_attention
from llasa_core.model.base_lm import identity_of, load_lm, locate
from llasa_core.model.checkpoint import CheckpointConfig, save_checkpoint
from llasa_core.model.collate import encode, length_of
from llasa_core.model.limu_bert import LimuBert
from llasa_core.model.multimodal import LlasaModel
from llasa_core.model.packing import Pack, pack, plan_packs, without_answers
from llasa_core.model.parameter_counts import UnknownSizes
from llasa_core.model.prompt import make_template
from llasa_core.model.tensors import load_module
from llasa_core.model.text import TextCodec
from llasa_core.recipe_file import recipe_yaml
from llasa_core.train.card import model_card
from llasa_core.train.checks import check_samples, context_of
from llasa_core.train.chosen import chosen_items, no_items
from llasa_core.train.compute_type import for_device
from llasa_core.train.encoder_stage import ENCODER_FILE
from llasa_core.train.engine import ZERO_3, OptimizerConfig, ParameterGroup, join_ranks, zero_config
from llasa_core.train.flops import flops_per_token
from llasa_core.train.recompute import recompute
from llasa_core.train.schedule import Schedule, learning_rate_factor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from torch import nn

    from llasa_core.data.qa import QaItem
    from llasa_core.model.config import EncoderConfig
    from llasa_core.model.loss import Loss
    from llasa_core.recipe import FinetuneConfig, PretrainConfig, Recipe, StageName
    from llasa_core.train.engine import Engine
    from llasa_core.train.placement import Placement

SCALED_BY = 1024
"""Training windows over which the projector's inputs are brought to one scale."""
TURNING = 3
"""Tells the draw of what is turned from other draws with the recipe's seed."""


class LanguageStage:
    """What pretrain and finetune share: the samples, their packs, and their loss."""

    name: StageName
    unit = "answer tokens"
    flops_per_token: float | None = None

    def __init__(
        self, recipe: Recipe, config: PretrainConfig | FinetuneConfig, model: LlasaModel, placement: Placement
    ) -> None:
        self._recipe = recipe
        self._config = config
        self.model = model
        self._store = WindowStore(recipe.data.folder, recipe.data.parting)
        model.sampling_rate_hz = self._store.sampling_rate_hz
        items = chosen_items(split_items(self._store, "train"), config)
        if not items:
            raise no_items(config, recipe.data.folder)
        self._names = [item.id for item in items]
        self._rows = [[self._store.row_of(ref) for ref in item.windows] for item in items]
        self._is_turned = self._choose_turned(items)
        self._encoded = [encode(model.template, item.conversations, len(item.windows)) for item in items]
        self._lengths = np.array([length_of(one, model.config.sensor_tokens) for one in self._encoded])
        self._answer_tokens = np.array([sum(one.is_answer) for one in self._encoded])
        self._check_samples()
        self._schedule = Schedule.of(config, len(items), recipe.seed)
        self.n_steps = self._schedule.n_steps
        self.save_every = config.save_every
        self.keep_states = config.keep_states
        self.log_every = config.log_every
        self.flops_per_token = self._count_flops()
        self._lay_out(placement)

    def _count_flops(self) -> float | None:
        answers = float(self._answer_tokens.sum() / self._lengths.sum())
        sizes = self.model.lm.config.to_dict()
        try:
            return flops_per_token(sizes, is_lm_trained=self._trains_whole_lm, answer_share=answers)
        except UnknownSizes:
            return None

    def _check_samples(self) -> None:
        """Refuse samples that cannot be computed whole, or teach nothing; a plan has looked at the first only."""
        check_samples(
            self._lengths.tolist(),
            self._answer_tokens.tolist(),
            self._names,
            self._config.micro_batch_tokens,
            context_of(self.model.lm.config.to_dict()),
            stage=self.name,
            where=self._recipe.data.folder / "qa-train.json",
        )

    def _lay_out(self, placement: Placement) -> None:
        """Tell the LM how packs are computed."""
        model, config = self.model, self._config
        lm_config = model.lm.config
        model.use_attention(choose_attention(config.attention, lm_config, model.device, model.compute_dtype))
        blocks = model.lm.get_decoder().layers
        if placement.activation_checkpointing:
            recompute(blocks)
        if config.compile:
            for block in blocks:
                block.compile()

    def factor(self, step: int) -> float:
        """See `Stage.factor`."""
        return learning_rate_factor(step, self.n_steps, self._config.warmup_fraction)

    def parts(self, step: int, rank: int, world_size: int) -> list[Any]:
        """See `Stage.parts`."""
        items = self._schedule.items_of(step)
        dealt = plan_packs(self._lengths[items].tolist(), self._config.micro_batch_tokens, world_size)
        return [self._pack(items[part]) for part in dealt[rank]]

    def _choose_turned(self, items: Sequence[QaItem]) -> np.ndarray:
        """Choose the questions whose windows are turned: of the activity alone, which no turn of the device changes."""
        drawn = np.random.default_rng([self._recipe.seed, TURNING]).random(len(items))
        return np.array([item.kind == "activity" for item in items]) & (drawn < self._turned_share)

    def _windows_of(self, item: int) -> np.ndarray:
        windows = self._store.take(self._rows[item])
        if not self._is_turned[item]:
            return windows
        turn = random_orientations([item], self._recipe.seed)
        return turned(windows, np.repeat(turn, len(windows), axis=0).astype(windows.dtype))

    def _pack(self, items: np.ndarray) -> Pack:
        chosen = items.tolist() or [0]  # an empty part computes something of no weight, so that ranks stay in step
        windows = [self._windows_of(i) for i in chosen]
        one = pack([self._encoded[i] for i in chosen], windows, self.model.config.sensor_tokens)
        return one if len(items) else without_answers(one)

    def fullest_pack(self) -> Pack:
        """Return the pack that takes most memory: the longest samples, as many as the budget holds."""
        order = np.argsort(-self._lengths, kind="stable")
        order = np.resize(order, max(len(order), self._config.micro_batch_tokens // int(self._lengths.min()) + 1))
        n_fitting = int((np.cumsum(self._lengths[order]) <= self._config.micro_batch_tokens).sum())
        return self._pack(order[: max(1, n_fitting)])

    def n_items(self, step: int) -> int:
        """See `Stage.n_items`: answer tokens."""
        return int(self._answer_tokens[self._schedule.items_of(step)].sum())

    def n_tokens(self, step: int) -> int:
        """See `Stage.n_tokens`."""
        return int(self._lengths[self._schedule.items_of(step)].sum())

    def names_of(self, step: int) -> list[str]:
        """See `Stage.names_of`."""
        return [self._names[item] for item in self._schedule.items_of(step)]

    def loss(self, part: Any, engine: Engine) -> Loss:
        """See `Stage.loss`: cross-entropy of the answer tokens."""
        loss: Loss = engine.model(part.to(engine.device))
        return loss

    def result_tensors(self, engine: Engine) -> dict[str, torch.Tensor]:
        """See `Stage.result_tensors`: encoder, projector, and whatever else was trained."""
        tensors = {}
        for name, tensor in self.model.state_dict(keep_vars=True).items():
            if tensor.requires_grad or not name.startswith("lm.") or self._trains_whole_lm:
                values = engine.whole(tensor).detach()
                if engine.rank == 0:
                    tensors[name] = values.cpu().clone()
        return tensors

    @property
    def _trains_whole_lm(self) -> bool:
        return False

    @property
    def _turned_share(self) -> float:
        return 0.0

    @property
    def class_answers(self) -> list[str]:
        """How the model is taught to name each activity that training people were seen doing."""
        return [activity_answer(name) for name in self._activities()]

    @property
    def window_len(self) -> int:
        """Samples of a window."""
        return round(self._store.window_s * self._store.sampling_rate_hz)

    def _activities(self) -> tuple[str, ...]:
        """Return the activities that training people were seen doing."""
        present = set(self._store.activity[self._store.rows("train")].tolist())
        return tuple(name for i, name in enumerate(self._store.activity_names) if i in present)

    def _config_of(self, adapter: Any) -> CheckpointConfig:
        base = locate(self.model.config.base_lm)
        return CheckpointConfig(
            encoder=self.model.encoder.config,
            model=self._recipe.model,
            adapter=adapter,
            base_lm={**identity_of(base), "seed": self._recipe.seed},
            activities=self._activities(),
            sampling_rate_hz=self._store.sampling_rate_hz,
            window_s=self._store.window_s,
        )

    def _optimizer(self, *groups: ParameterGroup) -> OptimizerConfig:
        config = self._config
        is_scaled = self.model.compute_dtype == torch.float16
        return OptimizerConfig(groups, config.weight_decay, config.max_grad_norm, is_scaled)


class PretrainStage(LanguageStage):
    """Align the projector; encoder and LM are frozen."""

    name = "pretrain"

    def __init__(
        self, recipe: Recipe, encoder: Path, device: torch.device, placement: Placement, say: Callable[[str], None]
    ) -> None:
        config = recipe.pretrain
        model = build_model(recipe, read_encoder(encoder, recipe.encoder), device, placement, say)
        super().__init__(recipe, config, model, placement)
        rows = self._store.rows("train")
        evenly = np.linspace(0, len(rows) - 1, min(len(rows), SCALED_BY)).astype(int)
        model.scale_projector(torch.from_numpy(self._store.take(rows[evenly])).to(device))
        model.requires_grad_(requires_grad=False)
        model.projector.requires_grad_(requires_grad=True)
        group = ParameterGroup("projector", list(model.projector.parameters()), config.learning_rate)
        self.optimizer = self._optimizer(group)

    def save_result(self, folder: Path, tensors: Mapping[str, torch.Tensor]) -> None:
        """See `Stage.save_result`: a checkpoint without an adapter."""
        config = self._config_of(None)
        card = model_card(config, "pretrain")
        save_checkpoint(self.model, config, folder, recipe=recipe_yaml(self._recipe), card=card, tensors=tensors)


class FinetuneStage(LanguageStage):
    """Train projector and adapter (or the whole LM, or the projector alone), from the pretrain run's result."""

    name = "finetune"

    def __init__(
        self, recipe: Recipe, pretrained: Path, device: torch.device, placement: Placement, say: Callable[[str], None]
    ) -> None:
        config = recipe.finetune
        encoder = read_encoder(pretrained / ENCODER_FILE, recipe.encoder)
        model = build_model(recipe, encoder, device, placement, say, is_lm_trained=config.lm == "whole")
        load_module(model.projector, pretrained / "projector.safetensors")
        if config.lm == "adapter":
            torch.manual_seed(recipe.seed)
            add_adapter(model.lm, config.adapter)
        super().__init__(recipe, config, model, placement)
        model.encoder.requires_grad_(requires_grad=False)
        model.projector.requires_grad_(requires_grad=True)
        if config.lm == "whole":
            model.lm.requires_grad_(requires_grad=True)
        if config.encoder_learning_rate is not None:
            model.encoder.transformer.requires_grad_(requires_grad=True)
        self.optimizer = self._optimizer(
            _group("lm", model.lm, config.learning_rate),
            _group("projector", model.projector, config.projector_learning_rate or config.learning_rate),
            _group("encoder", model.encoder, config.encoder_learning_rate or 0.0),
        )

    @property
    def _trains_whole_lm(self) -> bool:
        return self._recipe.finetune.lm == "whole"

    @property
    def _turned_share(self) -> float:
        return self._recipe.finetune.turned

    def save_result(self, folder: Path, tensors: Mapping[str, torch.Tensor]) -> None:
        """See `Stage.save_result`: a checkpoint with the adapter or the whole LM."""
        finetune = self._recipe.finetune
        config = self._config_of(finetune.adapter if finetune.lm == "adapter" else None)
        save_checkpoint(
            self.model,
            config,
            folder,
            recipe=recipe_yaml(self._recipe),
            card=model_card(config, "finetune", finetune.lm),
            tensors=tensors,
            whole_lm=self._trains_whole_lm,
        )


def _group(name: str, module: nn.Module, learning_rate: float) -> ParameterGroup:
    return ParameterGroup(name, [p for p in module.parameters() if p.requires_grad], learning_rate)


def read_encoder(path: Path, config: EncoderConfig) -> LimuBert:
    """Read an encoder from a file of ours, of the recipe's sizes, or from a published `.pt`, which has its own."""
    if path.suffix != ".safetensors":
        return LimuBert.from_published(path)
    encoder = LimuBert(config)
    load_module(encoder, path)
    return encoder.eval()


def build_model(
    recipe: Recipe,
    encoder: LimuBert,
    device: torch.device,
    placement: Placement,
    say: Callable[[str], None],
    *,
    is_lm_trained: bool = False,
) -> LlasaModel:
    """Put encoder, a fresh projector and the base LM together on a device.

    Args:
        recipe: of the experiment.
        encoder: with its weights.
        device: of this rank.
        placement: with ZeRO 3 each rank keeps its share of the LM only, from the start.
        say: told of a fetch.
        is_lm_trained: whether all of the LM's weights are trained, which are held in float32 then.
    """
    config = for_device(recipe.model, device.type)
    if config.dtype != recipe.model.dtype:
        say(f"computing in {config.dtype}: this CPU has no {recipe.model.dtype} in its hardware")
    base = locate(config.base_lm, say)
    is_shared_out = placement.zero_stage == ZERO_3
    if is_shared_out:
        join_ranks()
    lm = load_lm(
        base,
        "float32" if is_lm_trained else config.dtype,
        str(device),
        seed=recipe.seed,
        quantization=config.quantization,
        zero=zero_config(placement) if is_shared_out else None,
    )
    codec = TextCodec.of(base)
    torch.manual_seed(recipe.seed)
    model = LlasaModel(config, encoder, lm, codec, make_template(config, codec))
    return model.to(device)
