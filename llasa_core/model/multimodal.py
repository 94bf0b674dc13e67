"""Encoder, projector and LM in one: windows become sensor tokens inside the prompt."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from llasa_core.errors import ModelError
from llasa_core.model.attention import Documents, decoder_options, use_attention
from llasa_core.model.loss import Loss, token_loss
from llasa_core.model.motion_tokens import window_motion
from llasa_core.model.projector import ScaledProjector, make_projector
from llasa_core.model.statistics import FEATURE_SCALE, window_statistics

if TYPE_CHECKING:
    from llasa_core.model.collate import Batch
    from llasa_core.model.config import AttentionName, ModelConfig
    from llasa_core.model.limu_bert import LimuBert
    from llasa_core.model.packing import Pack
    from llasa_core.model.prompt import PromptTemplate
    from llasa_core.model.text import TextCodec

SAMPLING_RATE_HZ = 20.0
"""Of windows as `prepare-data` writes them if not told otherwise."""


def tokens_per_window(config: ModelConfig, n_samples: int) -> int:
    """Return how many sensor tokens a window becomes: as many as the config says, but at most one for each sample.

    Raises:
        ModelError: the samples cannot be put into as many equal groups.
    """
    n_tokens = min(config.sensor_tokens, n_samples)
    if n_samples % n_tokens:
        raise ModelError(
            f"{n_tokens} sensor tokens do not divide a window of {n_samples} samples",
            fix="use windows of the length that the model was trained on",
        )
    return n_tokens


def projector_inputs(
    config: ModelConfig, encoder: LimuBert, windows: torch.Tensor, motion: torch.Tensor | None
) -> torch.Tensor:
    """Describe stored windows for the projector: float32 `[N, S, width]`.

    Args:
        config: which numbers stand beside the encoder's features.
        encoder: of the model.
        windows: `[N, time, channel]` as they are stored.
        motion: with `model.motion`, `window_motion` of them `[N, 250]`.
    """
    n_tokens = tokens_per_window(config, windows.shape[1])
    features = encoder(windows)  # [N, time, hidden]
    groups = features.unflatten(1, (n_tokens, -1)).mean(2)  # [N, S, hidden]
    if config.statistics:
        scaled = encoder.scale(windows.float())
        groups = torch.cat([FEATURE_SCALE * groups, window_statistics(scaled, n_tokens)], dim=-1)
    if motion is not None:
        groups = torch.cat([groups, motion[:, None].expand(-1, n_tokens, -1)], dim=-1)
    return groups  # type: ignore[no-any-return]


def sensor_vectors(
    config: ModelConfig,
    encoder: LimuBert,
    projector: nn.Module,
    windows: torch.Tensor,
    motion: torch.Tensor | None = None,
) -> torch.Tensor:
    """Turn stored windows `[N, time, channel]` into vectors `[N, S, D]` in the LM's width and the projector's type.

    Args:
        config: of the model.
        encoder: of the model.
        projector: of the model.
        windows: as they are stored.
        motion: with `model.motion`, `window_motion` of them `[N, 250]`.
    """
    inputs = projector_inputs(config, encoder, windows, motion)
    weight = next(projector.parameters())
    return projector(inputs.to(weight.dtype))  # type: ignore[no-any-return]


class LlasaModel(nn.Module):
    """LIMU-BERT → projector → sensor tokens → causal LM."""

    def __init__(
        self, config: ModelConfig, encoder: LimuBert, lm: Any, codec: TextCodec, template: PromptTemplate
    ) -> None:
        super().__init__()
        if encoder.config.max_len % config.sensor_tokens:
            raise ModelError(
                f"{config.sensor_tokens} sensor tokens do not divide a window of {encoder.config.max_len} samples",
                fix=f"set `model.sensor_tokens` to a divisor of {encoder.config.max_len}",
            )
        self.config = config
        self.encoder = encoder
        self.lm = lm
        width = config.projector_width_in(encoder.config)
        self.projector = make_projector(config.projector, width, lm.config.hidden_size, is_scaled=config.motion)
        self.codec = codec
        self.template = template
        self.attention: AttentionName = "sdpa"
        """How packs are computed; `use_attention` changes it."""
        self.sampling_rate_hz = SAMPLING_RATE_HZ
        """Of the windows; `model.motion` needs it. Whoever opens data or a checkpoint of another rate sets it."""

    @property
    def compute_dtype(self) -> torch.dtype:
        """Type in which the LM computes."""
        dtype: torch.dtype = getattr(torch, self.config.dtype)
        return dtype

    @property
    def device(self) -> torch.device:
        """Where the model computes."""
        return next(self.projector.parameters()).device

    def sensor_tokens(self, windows: torch.Tensor) -> torch.Tensor:
        """Turn stored windows `[N, time, channel]` into vectors `[N, S, D]` in the LM's width and type."""
        motion = self.motion_of(windows)
        return sensor_vectors(self.config, self.encoder, self.projector, windows, motion).to(self.lm.dtype)

    def motion_of(self, windows: torch.Tensor) -> torch.Tensor | None:
        """Return `window_motion` of stored windows `[N, 250]`, where the projector is given it."""
        return window_motion(windows, self.sampling_rate_hz) if self.config.motion else None

    @torch.no_grad()
    def scale_projector(self, windows: torch.Tensor) -> None:
        """Bring each number that the projector is given to mean 0 and deviation 1 over these windows, with `motion`."""
        if isinstance(self.projector, ScaledProjector):
            inputs = projector_inputs(self.config, self.encoder, windows, self.motion_of(windows))
            self.projector.scale_by(inputs.flatten(0, -2))

    def embed(self, batch: Batch) -> torch.Tensor:
        """Return the LM's input vectors `[B, L, D]`, sensor tokens in their places."""
        embeds: torch.Tensor = self.lm.get_input_embeddings()(batch.input_ids)
        if len(batch.windows) == 0:
            return embeds
        sensor = self.sensor_tokens(batch.windows).flatten(0, 1)  # [N * S, D]
        return embeds.masked_scatter(batch.is_sensor[..., None], sensor)

    def forward(self, pack: Pack) -> Loss:
        """Return the summed cross-entropy of a pack's answer tokens; logits are computed nowhere else.

        The encoder and the projector compute in float32, the LM in the recipe's type, whatever its weights are held in.
        """
        with self.computing():
            hidden = self.decode_pack(pack)
            learned = hidden[pack.learned_at]
            return token_loss(learned, pack.targets, self.logits, self.lm.config.vocab_size)

    def decode_pack(self, pack: Pack) -> torch.Tensor:
        """Run the LM's blocks on a pack, `[T, D]`."""
        embeds: torch.Tensor = self.lm.get_input_embeddings()(pack.input_ids).to(self.compute_dtype)  # [T, D]
        if len(pack.windows):
            with torch.autocast(embeds.device.type, enabled=False):
                sensor = self.sensor_tokens(pack.windows).flatten(0, 1)  # [N × S, D]
            embeds = embeds.index_copy(0, pack.sensor_at, sensor.to(embeds.dtype))
        documents = Documents.of(pack, self.attention)
        return self.decode(embeds[None], **decoder_options(documents, self.lm.config, embeds.dtype))[0]

    def use_attention(self, name: AttentionName) -> None:
        """Compute packs by another attention from now on."""
        self.attention = name
        use_attention(self.lm, name)

    def computing(self) -> AbstractContextManager[Any]:
        """Return a context that computes in the recipe's type, though what is trained is held in float32."""
        if self.compute_dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.compute_dtype)

    def decode(self, embeds: torch.Tensor, **options: Any) -> torch.Tensor:
        """Run the LM's blocks on `[B, L, D]`; without a cache, unless one is passed."""
        output = self.lm.get_decoder()(inputs_embeds=embeds, **{"use_cache": False, **options})
        return output.last_hidden_state  # type: ignore[no-any-return]

    def new_cache(self) -> Any:
        """Return an empty cache for `decode`, which takes it as `past_key_values` with `use_cache=True`."""
        if hasattr(self.lm, "new_cache"):
            return self.lm.new_cache()
        from transformers.cache_utils import DynamicCache  # noqa: PLC0415 - its own LMs alone

        return DynamicCache()

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return the vocabulary's logits of hidden vectors `[…, D]`."""
        logits: torch.Tensor = self.lm.get_output_embeddings()(hidden)
        cap = getattr(self.lm.config, "final_logit_softcapping", None)  # Gemma's; the LM's own forward applies it
        return logits if not cap else torch.tanh(logits / cap) * cap
