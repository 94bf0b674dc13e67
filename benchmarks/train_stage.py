"""What `train.py` trains: real samples, an LM of any shape, and a layout that can be changed."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from llasa_core.model.adapter import add_adapter
from llasa_core.model.base_lm import load_lm, locate
from llasa_core.model.collate import expand
from llasa_core.model.limu_bert import LimuBert
from llasa_core.model.multimodal import LlasaModel
from llasa_core.model.prompt import make_template
from llasa_core.model.text import TextCodec
from llasa_core.train.engine import OptimizerConfig, ParameterGroup, TorchEngine
from llasa_core.train.language_stage import LanguageStage
from llasa_core.train.loop import train
from llasa_core.train.placement import Placement
from llasa_core.train.run import Run
from llasa_core.train.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from padded_trainer import Sample

    from llasa_core.recipe import Recipe

SHAPES: dict[str, dict[str, Any]] = {
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
             "num_key_value_heads": 2, "vocab_size": 49152},
    "1b": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32,
           "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": True},
    "7b": {"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
           "num_key_value_heads": 32, "vocab_size": 49152},
    "8b": {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
           "num_key_value_heads": 8, "vocab_size": 128256},
    "13b": {"hidden_size": 5120, "intermediate_size": 13824, "num_hidden_layers": 40, "num_attention_heads": 40,
            "num_key_value_heads": 40, "vocab_size": 49152},
}  # fmt: skip
"""As Llama 3.2 1B, Llama 2 7B, Llama 3 8B and Llama 2 13B are; vocabularies are no smaller than the tokenizer's."""
NEVER = 10**9


def shape_folder(name: str, tokenizer: Path, folder: Path) -> Path:
    """Make a folder that names an LM of this shape, which has a tokenizer and no weights."""
    there = folder / name
    there.mkdir()
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tokenizer / file, there)
    head = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "max_position_embeddings": 8192}
    (there / "config.json").write_text(json.dumps({**head, **SHAPES[name]}), encoding="utf-8")
    return there


def random_lm(name: str, device: torch.device, dtype: torch.dtype) -> Any:
    """Make an LM of a shape with random weights, on the device from the start."""
    from transformers.models.llama.configuration_llama import LlamaConfig  # noqa: PLC0415 - seconds, and only for shapes
    from transformers.models.llama.modeling_llama import LlamaForCausalLM  # noqa: PLC0415

    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with device:
            lm = LlamaForCausalLM(LlamaConfig(**SHAPES[name], max_position_embeddings=8192))
    finally:
        torch.set_default_dtype(before)
    return lm.eval().requires_grad_(requires_grad=False)


def make_model(recipe: Recipe, device: torch.device) -> LlasaModel:
    """Put a model together as a finetune stage does; encoder, projector and an LM that has no files are random."""
    base, trains = locate(recipe.model.base_lm), recipe.finetune.lm
    name: Any = "float32" if trains == "whole" else recipe.model.dtype
    has_weights = base.folder is None or any(base.folder.glob("*.safetensors"))
    torch.manual_seed(recipe.seed)
    lm = load_lm(base, name, str(device)) if has_weights else random_lm(base.folder.name, device, getattr(torch, name))
    codec = TextCodec.of(base)
    encoder = LimuBert(recipe.encoder).eval()
    model = LlasaModel(recipe.model, encoder, lm, codec, make_template(recipe.model, codec)).to(device)
    model.requires_grad_(requires_grad=False)
    if trains == "adapter":
        add_adapter(lm, recipe.finetune.adapter)
    elif trains == "whole":
        lm.requires_grad_(requires_grad=True)
    model.projector.requires_grad_(requires_grad=True)
    return model


class BenchStage(LanguageStage):
    """A finetune stage that keeps nothing, and whose layout can be changed."""

    name = "finetune"

    def __init__(self, recipe: Recipe, model: LlasaModel) -> None:
        super().__init__(recipe, recipe.finetune, model, Placement())

    @property
    def _trains_whole_lm(self) -> bool:
        return self._recipe.finetune.lm == "whole"

    def lay(self, recipe: Recipe, model: LlasaModel, *, again: bool = False) -> None:
        """Train this model from now on, as this recipe says; `again` computes activations again."""
        for block in model.lm.get_decoder().layers:  # what an earlier layout has put on
            block.__dict__.pop("forward", None)
            block._compiled_call_impl = None  # noqa: SLF001
        config = recipe.finetune
        self._recipe, self._config, self.model = recipe, config, model
        self._schedule = Schedule.of(config, len(self._names), recipe.seed)
        self.flops_per_token = self._count_flops()
        self._lay_out(Placement(activation_checkpointing=again))
        self.save_every, self.log_every = NEVER, 1
        groups = [
            (model.lm, config.learning_rate),
            (model.projector, config.projector_learning_rate or config.learning_rate),
        ]
        self.optimizer = OptimizerConfig(
            tuple(
                ParameterGroup(str(i), [one for one in part.parameters() if one.requires_grad], rate)
                for i, (part, rate) in enumerate(groups)
            ),
            config.weight_decay,
            config.max_grad_norm,
        )

    def result_tensors(self, engine: Any) -> dict[str, torch.Tensor]:  # noqa: ARG002
        """See `Stage.result_tensors`: nothing is kept."""
        return {}

    def save_result(self, folder: Path, tensors: Mapping[str, torch.Tensor]) -> None:
        """See `Stage.save_result`: nothing is kept."""

    def order(self, steps: range) -> list[int]:
        """Return the samples of these steps, one after the other."""
        return np.concatenate([self._schedule.items_of(step) for step in steps]).tolist()  # type: ignore[no-any-return]

    def sample(self, item: int) -> Sample:
        """Return what a data set of another trainer has to know of a sample."""
        ids, is_answer = expand(self._encoded[item], self.model.config.sensor_tokens)
        return ids, is_answer, self._store.take(self._rows[item])

    def tokens_of(self, steps: range) -> int:
        """Return the positions of these steps without padding."""
        return sum(self.n_tokens(step) for step in steps)

    def padded_tokens_of(self, steps: range) -> int:
        """Return the positions of these steps when each is padded to its longest sample."""
        lengths = [self._lengths[self._schedule.items_of(step)] for step in steps]
        return int(sum(len(one) * one.max() for one in lengths))

    def mean_length(self) -> float:
        """Return the mean length of all samples."""
        return float(self._lengths.mean())


def run_steps(stage: BenchStage, engine: TorchEngine, steps: range, tell: Callable[[], None]) -> None:
    """Run steps through the training loop itself; `tell` is called after each."""
    stage.n_steps = steps.stop
    with tempfile.TemporaryDirectory() as folder:
        train(stage, engine, Run(Path(folder)), 0, lambda _progress: tell(), first_step=steps.start)


class Stopwatch:
    """When each step ended, by the clock and in processor time."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._at: list[tuple[float, float]] = []

    def __call__(self) -> None:
        """Note that a step has ended."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        self._at.append((time.perf_counter(), time.process_time()))

    @property
    def seconds(self) -> tuple[float, float]:
        """From the end of the first step to that of the last: by the clock, and of the processor."""
        (begin, begin_cpu), (end, end_cpu) = self._at[0], self._at[-1]
        return end - begin, end_cpu - begin_cpu
