"""One pack through the real model with tensors that have shapes and no values: what it would hold in memory.

Nothing is estimated from a formula of an architecture. The model is built on the meta device, its own code runs forward
and backward on fake tensors, and every tensor that autograd keeps is counted as it is made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from llasa_core.model.adapter import add_adapter
from llasa_core.model.attention import choose_attention
from llasa_core.model.limu_bert import LimuBert
from llasa_core.model.multimodal import LlasaModel
from llasa_core.model.packing import Pack
from llasa_core.recipe import FinetuneConfig
from llasa_core.train.compute_type import for_device
from llasa_core.train.meta_lm import meta_lm
from llasa_core.train.recompute import recompute
from llasa_core.train.tensor_count import TensorCount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from llasa_core.recipe import PretrainConfig, Recipe, StageName

WEIGHTS, GRADIENTS = "weights", "gradients"
ACTIVATIONS = "activations of the LM"
SENSOR = "encoder and projector"
LOGITS = "logits and loss"
BACKWARD = "backward pass"
PACK = "windows and token ids"
MOST_DOCUMENTS = 8
"""With attention document by document, a pack of more is rehearsed as so many longer ones."""


@dataclass(frozen=True)
class PackShape:
    """How large a pack is; of several, the largest decides."""

    n_tokens: int
    """Positions, sensor tokens counted."""
    n_documents: int
    """Samples."""
    longest: int
    """Positions of the longest sample; `blocks` pads every other one to it."""
    n_windows: int
    n_answers: int
    """Learned tokens: rows of logits."""

    @classmethod
    def of(cls, pack: Pack) -> PackShape:
        """Return a pack's shape."""
        return cls(pack.n_tokens, len(pack.starts) - 1, pack.longest, len(pack.windows), len(pack.targets))

    @classmethod
    def covering(cls, shapes: Iterable[PackShape]) -> PackShape:
        """Return a shape that holds at least what each of these does."""
        every = list(shapes)
        padded = max(every, key=lambda shape: shape.n_documents * shape.longest)
        return cls(
            max(shape.n_tokens for shape in every),
            padded.n_documents,
            padded.longest,
            max(shape.n_windows for shape in every),
            max(shape.n_answers for shape in every),
        )

    @classmethod
    def assumed(cls, budget: int, sensor_tokens: int) -> PackShape:
        """Return a full pack as questions about windows make it, where the data is not there to be looked at.

        A window, 40 tokens of question and template, and 20 of answer: about what the activity questions have.
        """
        length = min(budget, sensor_tokens + 60)
        n_documents = max(1, budget // length)
        return cls(budget, n_documents, length, n_documents, 20 * n_documents)


@dataclass(frozen=True)
class Rehearsal:
    """What a stage holds on one device that shares nothing; bytes, if not said otherwise."""

    frozen: int
    """Weights and buffers that are not trained."""
    quantizable: int
    """Of these, the linear layers of the LM's blocks."""
    n_quantizable: int
    """Their elements."""
    largest: int
    """Elements of the largest of those layers."""
    n_trained: int
    """Elements."""
    n_elements: int
    """Elements of all weights."""
    alone: dict[str, int]
    """Beside weights, at the peak of a step with one pack."""
    later: dict[str, int]
    """Beside weights, at the peak of a pack that finds the gradients of another."""


def rehearse(
    recipe: Recipe, stage: StageName, shape: PackShape, *, activation_checkpointing: bool, device: str = "cpu"
) -> Rehearsal:
    """Compute a pack of this shape forward and backward, twice, on fake tensors.

    Args:
        recipe: with its paths resolved.
        stage: `pretrain` or `finetune`.
        shape: of the largest pack.
        activation_checkpointing: whether blocks are computed again.
        device: `cpu` or `cuda`, which decides the attention.

    Raises:
        UnknownSizes: the base LM's sizes are not known before it is fetched.
    """
    config: PretrainConfig | FinetuneConfig = recipe.finetune if stage == "finetune" else recipe.pretrain
    model = meta_model(recipe, config, device)
    kernel = choose_attention(config.attention, model.lm.config, torch.device(device), model.compute_dtype)
    if kernel in {"flash", "varlen"}:  # keep what SDPA keeps of one long document
        kernel, shape = "blocks", replace(shape, n_documents=1, longest=shape.n_tokens)
    if kernel == "each" and shape.n_documents > MOST_DOCUMENTS:  # the sum is the same, and hundreds take a minute
        longest = max(shape.longest, -(-shape.n_tokens // MOST_DOCUMENTS))
        shape = replace(shape, n_documents=MOST_DOCUMENTS, longest=longest)
    model.use_attention(kernel)
    blocks = model.lm.get_decoder().layers
    if activation_checkpointing:
        recompute(blocks)
    linear = [
        layer.weight for layer in blocks.modules() if isinstance(layer, nn.Linear) and not layer.weight.requires_grad
    ]
    with FakeTensorMode():
        _fill(model)
        alone, later = _two_packs(model, _pack(shape, recipe))
    tensors = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}.values()
    return Rehearsal(
        frozen=sum(tensor.nbytes for tensor in tensors if not tensor.requires_grad),
        quantizable=sum(weight.nbytes for weight in linear),
        n_quantizable=sum(weight.numel() for weight in linear),
        largest=max((weight.numel() for weight in linear), default=0),
        n_trained=sum(tensor.numel() for tensor in tensors if tensor.requires_grad),
        n_elements=sum(tensor.numel() for tensor in tensors),
        alone=alone,
        later=later,
    )


def meta_model(recipe: Recipe, config: PretrainConfig | FinetuneConfig, device: str) -> LlasaModel:
    """Build a stage's model without memory, as `language_stage` builds it with its weights.

    Args:
        recipe: with its paths resolved.
        config: of the stage.
        device: `cpu` or `cuda`, which decides the type that the LM computes in.

    Raises:
        UnknownSizes: the base LM's sizes are not known before it is fetched.
    """
    trains = config.lm if isinstance(config, FinetuneConfig) else "frozen"
    settings = for_device(recipe.model, device)
    lm_dtype = torch.float32 if trains == "whole" else getattr(torch, settings.dtype)
    with torch.device("meta"):
        lm = meta_lm(recipe.model.base_lm).to(dtype=lm_dtype).eval()
        encoder = LimuBert(recipe.encoder).eval()
        model = LlasaModel(settings, encoder, lm, cast("Any", None), cast("Any", None))  # text is not needed
        model.requires_grad_(requires_grad=False)
        if trains == "adapter" and isinstance(config, FinetuneConfig):
            add_adapter(lm, config.adapter)
    if trains == "whole":
        model.lm.requires_grad_(requires_grad=True)
    model.projector.requires_grad_(requires_grad=True)
    if isinstance(config, FinetuneConfig) and config.encoder_learning_rate is not None:
        model.encoder.transformer.requires_grad_(requires_grad=True)
    return model


def _fill(model: nn.Module) -> None:
    """Give every parameter and buffer the memory that it has in a run; what was shared stays shared."""
    filled: dict[int, torch.Tensor] = {}
    for module in model.modules():
        for tensors in (module._parameters, module._buffers):  # noqa: SLF001 - assigning would register them anew
            for name, old in tensors.items():
                if old is None:
                    continue
                if id(old) not in filled:
                    new = torch.empty(old.shape, dtype=old.dtype)
                    is_parameter = isinstance(old, nn.Parameter)
                    filled[id(old)] = nn.Parameter(new, requires_grad=old.requires_grad) if is_parameter else new
                tensors[name] = filled[id(old)]  # type: ignore[assignment]


def _pack(shape: PackShape, recipe: Recipe) -> Pack:
    def whole(*size: int) -> torch.Tensor:
        return torch.zeros(size, dtype=torch.int64)

    return Pack(
        input_ids=whole(shape.n_tokens),
        positions=whole(shape.n_tokens),
        starts=torch.zeros(shape.n_documents + 1, dtype=torch.int32),
        lengths=_lengths(shape),
        sensor_at=whole(shape.n_windows * recipe.model.sensor_tokens),
        learned_at=whole(shape.n_answers),
        targets=whole(shape.n_answers),
        windows=torch.zeros(shape.n_windows, recipe.encoder.max_len, 6),
    )


def _lengths(shape: PackShape) -> tuple[int, ...]:
    """Return lengths of so many documents that make up the pack, the first as long as its longest."""
    rest, n_others = shape.n_tokens - shape.longest, shape.n_documents - 1
    others = [rest // n_others + (i < rest % n_others) for i in range(n_others)]
    return (shape.longest, *others) if n_others else (shape.n_tokens,)


def _two_packs(model: LlasaModel, pack: Pack) -> tuple[dict[str, int], dict[str, int]]:
    """Return what is alive beside the weights at the peaks of a step's first pack and of its second."""
    count = TensorCount()
    count.add((*model.parameters(), *model.buffers()), WEIGHTS)
    count.add((value for value in vars(pack).values() if isinstance(value, torch.Tensor)), PACK)
    _tell_kinds_apart(model, count)
    peaks = []
    with count:
        for _ in range(2):
            count.begin()
            with count.counting_as(ACTIVATIONS):
                loss = model(pack).total
            with count.counting_as(BACKWARD):
                loss.backward()
            del loss
            peaks.append({kind: size for kind, size in count.at_peak.items() if size and kind != WEIGHTS})
    return peaks[0], peaks[1]


def _tell_kinds_apart(model: LlasaModel, count: TensorCount) -> None:
    def becomes(kind: str) -> Any:
        def hook(*_: Any) -> None:
            count.kind = kind

        return hook

    model.encoder.register_forward_pre_hook(becomes(SENSOR))
    model.projector.register_forward_hook(becomes(ACTIVATIONS))
    model.lm.get_decoder().register_forward_hook(becomes(LOGITS))
    for parameter in _trained(model):
        parameter.register_post_accumulate_grad_hook(  # type: ignore[no-untyped-call]
            lambda parameter: count.add([parameter.grad], GRADIENTS) if parameter.grad is not None else None
        )


def _trained(model: nn.Module) -> Iterator[nn.Parameter]:
    return (parameter for parameter in model.parameters() if parameter.requires_grad)
