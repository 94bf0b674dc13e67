"""One recipe describes one experiment: the same file goes to `pretrain`, `finetune` and `eval`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from llasa_core.data.partition import Parting, fold_of
from llasa_core.data.qa import Kind
from llasa_core.eval_settings import EvalConfig
from llasa_core.model.config import AdapterConfig, AttentionName, EncoderConfig, ModelConfig
from llasa_core.settings import Settings

StageName = Literal["encoder", "pretrain", "finetune"]


class DataConfig(Settings):
    """What is learned from."""

    folder: Path
    """A folder that `llasa prepare-data` wrote; relative to the recipe if it is there, else to the current folder."""
    fold: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}/[1-9][0-9]{0,2}$")] | None = None
    """`2/5`: the second of five parts of the people is the test, whatever the prepared splits; the rest trains."""
    leave_out: Annotated[str, Field(min_length=1)] | None = None
    """A dataset (`motionsense`), all of which is the test, or an activity (`lying`) that no window teaches."""

    @model_validator(mode="after")
    def _parts_the_people_in_one_way(self) -> Self:
        if self.fold is not None and self.leave_out is not None:
            raise ValueError("`data.fold` and `data.leave_out` part the people in two ways; take one of them")
        if self.fold is not None:
            fold_of(self.fold)
        return self

    @property
    def parting(self) -> Parting:
        """How the people are parted."""
        return Parting(self.fold, self.leave_out)


class HeadConfig(Settings):
    """The light head, which names the windows of timelines."""

    folder: Path | None = None
    """A data folder of its own, such as one with more placements than the LM learns; `data.folder` when left out. Its
    head names all activities that its training people did."""


class StageConfig(Settings):
    """What the two stages have in common."""

    epochs: PositiveInt = 1
    """Passes over the stage's QA items."""
    samples_per_epoch: PositiveInt | None = None
    """At most this many QA items an epoch, drawn anew each epoch; all of them when left out."""
    max_steps: PositiveInt | None = None
    """Stop after this many optimizer steps, whatever `epochs` says."""
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] | None = None
    """Which kinds of QA items the stage sees; all when left out."""
    figures: bool = True
    """See answers that state a figure, too; a small model learns to state them, and not to get them right."""
    learning_rate: PositiveFloat
    """Peak; cosine decay to zero after a linear warm-up."""
    batch_size: PositiveInt = 16
    """Samples of one optimizer step over all devices, so that the result does not depend on their number."""
    micro_batch_tokens: PositiveInt = 4096
    """Largest number of tokens, sensor tokens counted, that one device computes at once; samples are packed into it."""
    warmup_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.03
    """Share of the steps over which the learning rate rises."""
    weight_decay: NonNegativeFloat = 0.0
    """AdamW's."""
    max_grad_norm: PositiveFloat = 1.0
    """Gradients are scaled down to this norm."""
    save_every: PositiveInt = 100
    """Optimizer steps between two states to resume from."""
    keep_states: PositiveInt = 2
    """How many of the last states stay on the disk."""
    log_every: PositiveInt = 10
    """Optimizer steps between two lines of progress where there is no terminal; a GPU is asked no more often."""
    attention: AttentionName = "auto"
    """How packed samples are kept apart; `auto` takes `flash` or `varlen` on a GPU and `each` on a CPU."""
    compile: bool = False
    """Compile the LM's blocks with torch.compile: minutes at the start, quicker steps after."""
    zero_stage: Literal["auto", 0, 1, 2, 3] = "auto"
    """DeepSpeed's ZeRO stage; `auto` takes the lowest that fits the devices."""
    offload: Literal["auto", "none", "optimizer", "all"] = "auto"
    """Keep the optimizer's state, or the weights too, in the host's memory; `auto` only where nothing else fits."""
    activation_checkpointing: Literal["auto"] | bool = "auto"
    """Compute activations again in the backward pass; `auto` only where they do not fit otherwise."""


class PretrainConfig(StageConfig):
    """Align the projector on captions; encoder and LM are frozen."""

    learning_rate: PositiveFloat = 1.0e-3
    """Of the projector."""
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] | None = ("caption",)
    """Which kinds of QA items the stage sees; captions by default."""


class FinetuneConfig(StageConfig):
    """Train projector and adapter on conversations."""

    learning_rate: PositiveFloat = 2.0e-4
    """Of the adapter, or of the whole LM."""
    projector_learning_rate: PositiveFloat | None = None
    """Of the projector; `learning_rate` when left out."""
    encoder_learning_rate: PositiveFloat | None = None
    """Of the encoder; it stays frozen when left out."""
    turned: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the activity questions that are asked about a turned device, each in an orientation of its own."""
    lm: Literal["adapter", "whole", "frozen"] = "adapter"
    """What of the LM is trained: a LoRA adapter, all its weights, or nothing, which leaves the projector."""
    adapter: AdapterConfig = AdapterConfig()
    """The LoRA adapter, with `lm: adapter`."""


class Recipe(Settings):
    """One experiment."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 7
    """Seeds every random choice: initial values, masks, the order of the data."""
    data: DataConfig
    """What is learned from."""
    model: ModelConfig = ModelConfig()
    """The LM and the bridge to it."""
    encoder: EncoderConfig = EncoderConfig()
    """The IMU encoder."""
    pretrain: PretrainConfig = PretrainConfig()
    """First stage."""
    finetune: FinetuneConfig = FinetuneConfig()
    """Second stage."""
    head: HeadConfig = HeadConfig()
    """The light head, fitted when finetune ends."""
    eval: EvalConfig = EvalConfig()
    """Measurement."""

    @model_validator(mode="after")
    def _a_quantized_lm_is_frozen(self) -> Self:
        if self.finetune.lm == "whole" and self.model.quantization != "none":
            message = (
                f"`finetune.lm: whole` cannot train weights that `model.quantization: {self.model.quantization}` holds"
            )
            raise ValueError(f"{message}; take `lm: adapter`, or no quantization")
        return self

    @model_validator(mode="after")
    def _a_quantized_lm_is_whole_on_each_device(self) -> Self:
        for name, stage in (("pretrain", self.pretrain), ("finetune", self.finetune)):
            if self.model.quantization == "none":
                continue
            held = f"what `model.quantization: {self.model.quantization}` holds"
            if stage.zero_stage == 3:  # noqa: PLR2004 - as recipes say it
                raise ValueError(f"`{name}.zero_stage: 3` cannot share out {held}; take 2 or less, or no quantization")
            if stage.offload == "all":
                raise ValueError(f"`{name}.offload: all` cannot move {held}; take `optimizer`, or no quantization")
        return self
