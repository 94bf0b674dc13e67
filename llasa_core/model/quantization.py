"""A base LM in 4 bits: its linear layers hold NF4 codes and are unpacked, one at a time, as they compute.

Source:
    Dettmers et al., QLoRA, 2023: NF4 in blocks of 64 weights, the blocks' scales quantised once more to 8 bits. The
    kernels are bitsandbytes', which run on CUDA and on the CPU.
"""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from llasa_core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator


def nf4_options(dtype: torch.dtype, device: str, *, is_shared_out: bool) -> dict[str, Any]:
    """Return what transformers' loaders want to know to quantise while they load.

    Args:
        dtype: type in which the unpacked layers compute.
        device: where the weights go.
        is_shared_out: whether ZeRO 3 would have to cut the packed weights in pieces.

    Raises:
        ModelError: bitsandbytes is not installed, or the weights would be shared out.
    """
    if is_shared_out:
        raise ModelError(
            "ZeRO 3 cannot share out weights that are held in 4 bits",
            fix="set `zero_stage` to 2 or less, or `model.quantization: none`",
        )
    _check_installed("`model.quantization: nf4`", "set `model.quantization: none`")
    from transformers import BitsAndBytesConfig  # noqa: PLC0415 - heavy

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )
    return {"quantization_config": config, "device_map": {"": device}}


def _check_installed(what: str, otherwise: str) -> None:
    if find_spec("bitsandbytes") is None:
        raise ModelError(
            f"{what} needs bitsandbytes, which is not installed", fix=f"`pip install 'llasa[qlora]'`, or {otherwise}"
        )
    hush_bitsandbytes()


def hush_bitsandbytes() -> None:
    """Keep bitsandbytes from warning, when it is imported on a CPU, that a kernel of another package is missing."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def let_gradients_pass(lm: nn.Module) -> None:
    """Keep 4-bit layers as they are, in place.

    On a CPU with AVX-512, bitsandbytes (0.50) would lay a layer out anew at its first forward without gradients in
    evaluation mode, for a kernel that no gradient passes: what is trained later would learn nothing below it.
    """
    for _, packed in _packed_layers(lm):
        packed.support_avx512bf16_for_cpu = False


def pack(lm: Any, dtype: torch.dtype) -> None:
    """Let each linear layer of an LM but the output head be held in 4 bits, in place, once it is moved to its device.

    Args:
        lm: transformers', on the CPU.
        dtype: type in which the unpacked layers compute.
    """
    from bitsandbytes.nn import Linear4bit, Params4bit  # noqa: PLC0415 - an extra

    head = lm.get_output_embeddings()
    for name, layer in [one for one in lm.named_modules() if isinstance(one[1], nn.Linear) and one[1] is not head]:
        with torch.device("meta"):
            packed = Linear4bit(
                layer.in_features, layer.out_features, bias=False, compute_dtype=dtype, quant_type="nf4"
            )
        packed.weight = Params4bit(layer.weight.data, requires_grad=False, quant_type="nf4", compress_statistics=True)
        packed.bias = layer.bias
        lm.set_submodule(name, packed)
    let_gradients_pass(lm)


def check_can_pack() -> None:
    """Refuse where 4 bits cannot be had, before anything is loaded.

    Raises:
        ModelError: bitsandbytes is not installed.
    """
    _check_installed("`--quantize nf4`", "leave the flag out")


class Beside(nn.Module):
    """A layer in 4 bits with what an adapter adds to it: merged, the change would be rounded to 4 bits, and be lost."""

    def __init__(self, layer: nn.Module, down: torch.Tensor, up: torch.Tensor) -> None:
        """Take a layer `[in]` to `[out]`, and the adapter's matrices `[rank, in]` and `[out, rank]`, scaled."""
        super().__init__()
        self.layer = layer
        self.down, self.up = (nn.Parameter(matrix, requires_grad=False) for matrix in (down, up))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute both and add them, `[…, out]`."""
        narrow = functional.linear(x.to(self.down.dtype), self.down)
        return self.layer(x) + functional.linear(narrow, self.up).to(x.dtype)  # type: ignore[no-any-return]


def unpack(lm: nn.Module, dtype: torch.dtype) -> None:
    """Give each 4-bit layer back the weights that its codes stand for, in place.

    An adapter was trained beside these weights, not beside those from before the quantisation: added to these, it gives
    the trained model's numbers, and nothing is rounded to 4 bits a second time.
    """
    from bitsandbytes.functional import dequantize_4bit  # noqa: PLC0415 - an extra

    for name, packed in list(_packed_layers(lm)):
        weight = dequantize_4bit(packed.weight.data, packed.weight.quant_state).to(dtype)
        with torch.device("meta"):
            layer = nn.Linear(packed.in_features, packed.out_features, bias=packed.bias is not None)
        layer.weight = nn.Parameter(weight, requires_grad=False)
        if packed.bias is not None:
            layer.bias = packed.bias
        lm.set_submodule(name, layer)


def _packed_layers(lm: nn.Module) -> Iterator[tuple[str, Any]]:
    from bitsandbytes.nn import Linear4bit  # noqa: PLC0415 - an extra

    return ((name, module) for name, module in lm.named_modules() if isinstance(module, Linear4bit))
