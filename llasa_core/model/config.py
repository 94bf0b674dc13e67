"""Settings of the encoder, the projector and the LM; light, so that checking a recipe never imports torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from llasa_core.settings import Settings

WEIGHT_TYPES = Literal["bfloat16", "float16", "float32"]
TemplateName = Literal["chat", "vicuna_v1", "llava_v1", "plain"]
QuantizationName = Literal["none", "nf4"]
AttentionName = Literal["auto", "flash", "varlen", "each", "blocks", "sdpa", "eager"]
"""`flash` and `varlen` are CUDA kernels (of flash-attn, of torch); `each` runs SDPA once for each
sample of a pack, in float32, and `blocks` once for all of them, padded;
`sdpa` and `eager` are the LM's own attention under a mask of the whole pack, for comparison."""


class EncoderPretraining(Settings):
    """Masked reconstruction of the training windows, as LIMU-BERT does it."""

    epochs: PositiveInt = 100
    """Passes over all training windows."""
    batch_size: PositiveInt = 128
    """Windows of one optimizer step."""
    learning_rate: PositiveFloat = 1.0e-3
    """Adam's, constant, as published."""
    masked_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.15
    """Share of the positions that the encoder has to reconstruct."""
    keep_probability: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """How often the masked positions keep their values; the loss is taken there all the same."""
    max_span: PositiveInt = 10
    """Longest masked span, in positions."""
    save_every: PositiveInt = 200
    """Optimizer steps between two states to resume from."""


class EncoderConfig(Settings):
    """LIMU-BERT's sizes, and where its weights come from."""

    checkpoint: Path | None = None
    """A `.safetensors` file of ours or a published `.pt`; without one, `llasa pretrain` trains the encoder first."""
    hidden: PositiveInt = 72
    """Width of a position's vector."""
    hidden_ff: PositiveInt = 144
    """Width inside the feed-forward part."""
    n_layers: PositiveInt = 4
    """How often the one shared block is run."""
    n_heads: PositiveInt = 4
    """Attention heads."""
    max_len: PositiveInt = 120
    """Longest window, in samples."""
    pretraining: EncoderPretraining = EncoderPretraining()
    """How the encoder is trained when no checkpoint is named."""

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.hidden % self.n_heads:
            raise ValueError(f"`encoder.n_heads` {self.n_heads} does not divide `encoder.hidden` {self.hidden}")
        return self


class AdapterConfig(Settings):
    """LoRA on the LM."""

    rank: PositiveInt = 8
    """LoRA's r."""
    alpha: PositiveFloat = 16.0
    """LoRA's scale, divided by the rank."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Dropout before the low-rank product."""
    targets: Literal["all-linear", "attention"] = "all-linear"
    """Which linear layers of the LM's blocks get an adapter; the output head never does."""


N_STATISTICS = 18
"""Numbers that each sensor token gets beside the encoder's features with `model.statistics`: three a channel."""
N_MOTION = 250
"""Numbers that each sensor token gets beside them with `model.motion`: those of the light head."""


class ModelConfig(Settings):
    """The LM and the bridge to it."""

    base_lm: Annotated[str, Field(min_length=1)] = "smollm2-135m"
    """An alias (`smollm2-135m`, `tiny-random`, …), a local folder, or a Hugging Face id."""
    projector: Annotated[str, Field(pattern=r"^(linear|mlp[1-9]x_gelu)$")] = "mlp2x_gelu"
    """`linear`, or `mlpNx_gelu`: N linear layers with GELU between."""
    sensor_tokens: PositiveInt = 24
    """Vectors that stand for one window in the prompt; must divide the window's length in samples."""
    statistics: bool = False
    """Give the projector each token's mean and log standard deviations beside the encoder's features."""
    motion: bool = False
    """Give it the light head's numbers too: how the window moves, however the device is turned."""
    template: TemplateName = "chat"
    """`chat` is the LM's own chat template; the others are those of the original LLaSA."""
    system: str = ""
    """System message; empty for none."""
    dtype: WEIGHT_TYPES = "bfloat16"
    """Type in which the LM computes; the encoder, and what is trained, stays float32."""
    quantization: QuantizationName = "none"
    """Hold the LM's frozen weights in 4 bits (QLoRA); needs the extra `[qlora]`."""

    def projector_width_in(self, encoder: EncoderConfig) -> int:
        """Return how many numbers the projector takes for a sensor token."""
        return encoder.hidden + (N_STATISTICS if self.statistics else 0) + (N_MOTION if self.motion else 0)
