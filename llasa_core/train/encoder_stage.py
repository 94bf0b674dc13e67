"""The encoder's own pre-training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from llasa_core.data.store import WindowStore
from llasa_core.errors import DataError
from llasa_core.files import written_whole
from llasa_core.model.limu_bert import LimuBert
from llasa_core.model.loss import Loss
from llasa_core.model.masking import mask_spans, masked_positions
from llasa_core.model.tensors import save_tensors
from llasa_core.recipe_file import recipe_yaml
from llasa_core.train.engine import OptimizerConfig, ParameterGroup
from llasa_core.train.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llasa_core.recipe import Recipe
    from llasa_core.train.engine import Engine

ENCODER_FILE = "encoder.safetensors"


class EncoderStage:
    """LIMU-BERT by masked reconstruction of the training windows.

    Source:
        Xu et al., LIMU-BERT, SenSys 2021, section 4; LIMU-BERT-Public/pretrain.py: Adam at a constant 1e-3, loss on the
        masked positions only. Differs: a mask is drawn for each window and epoch from (seed, step), so that a run can
        resume anywhere, and the last position is masked as often as the others.
    """

    unit = "masked values"
    log_every = 50
    keep_states = 2
    flops_per_token: float | None = None

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        self._recipe = recipe
        config = recipe.encoder.pretraining
        self._store = WindowStore(recipe.data.folder, recipe.data.parting)
        rows = self._store.rows("train")
        if len(rows) == 0:
            raise DataError("the split `train` has no windows", where=recipe.data.folder, fix="prepare more people")
        torch.manual_seed(recipe.seed)
        self.model: LimuBert = LimuBert(recipe.encoder).to(device)
        self._rows = rows
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

    def n_tokens(self, step: int) -> int:
        """See `Stage.n_tokens`: samples of the windows."""
        return len(self._schedule.items_of(step)) * self._samples.shape[1]

    def names_of(self, step: int) -> list[str]:
        """See `Stage.names_of`."""
        return [f"window {self._rows[item]}" for item in self._schedule.items_of(step)]

    def loss(self, part: Any, engine: Engine) -> Loss:
        """See `Stage.loss`: squared error of the masked samples."""
        rows, is_masked, is_kept = part
        samples = self._samples[torch.from_numpy(rows)].to(engine.device)
        masked = torch.from_numpy(is_masked).to(engine.device)
        hidden = masked & ~torch.from_numpy(is_kept).to(engine.device)[:, None]
        predicted = self.model.reconstruct(samples.masked_fill(hidden[..., None], 0.0))
        errors = (predicted - samples)[masked]
        return Loss(errors.square().sum(), errors.numel())

    def result_tensors(self, engine: Engine) -> dict[str, torch.Tensor]:
        """See `Stage.result_tensors`."""
        return {
            name: engine.whole(value).detach().cpu() for name, value in self.model.state_dict(keep_vars=True).items()
        }

    def save_result(self, folder: Path, tensors: Mapping[str, torch.Tensor]) -> None:
        """See `Stage.save_result`: `encoder.safetensors`."""
        with written_whole(folder) as beside:
            beside.mkdir()
            save_tensors(tensors, beside / ENCODER_FILE)
            (beside / "recipe.yaml").write_text(recipe_yaml(self._recipe), encoding="utf-8")
