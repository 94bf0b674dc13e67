"""LIMU-BERT: a window of IMU samples to one feature vector for each sample."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from llasa_core.data.channels import ACC, CHANNELS, GYR
from llasa_core.errors import ModelError
from llasa_core.model.tensors import misfits

if TYPE_CHECKING:
    from llasa_core.model.config import EncoderConfig

ACC_SCALE = 9.8
"""LIMU-BERT divides acceleration by 9.8, not by standard gravity (dataset loader, `Preprocess4Normalization`)."""


class LayerNorm(nn.Module):
    """Layer normalisation in TensorFlow's style: epsilon inside the root, parameters `gamma` and `beta`."""

    def __init__(self, width: int, eps: float = 1e-12) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))
        self.beta = nn.Parameter(torch.zeros(width))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise the last axis of `[…, width]`."""
        return functional.layer_norm(x, x.shape[-1:], self.gamma, self.beta, self.eps)


class Embedding(nn.Module):
    """Samples to vectors, plus their positions; one norm is used twice, as published."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.lin = nn.Linear(len(CHANNELS), config.hidden)
        self.pos_embed = nn.Embedding(config.max_len, config.hidden)
        self.norm = LayerNorm(config.hidden)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Embed scaled samples `[window, time, channel]` as `[window, time, hidden]`."""
        return self.norm(self.norm(self.lin(x)) + self.pos_embed.weight[: x.shape[1]])  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Multi-head self-attention without an output projection; the block has that."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.proj_q = nn.Linear(config.hidden, config.hidden)
        self.proj_k = nn.Linear(config.hidden, config.hidden)
        self.proj_v = nn.Linear(config.hidden, config.hidden)
        self.n_heads = config.n_heads

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Mix positions of `[window, time, hidden]`; every position sees every other."""
        q, k, v = (
            proj(x).unflatten(-1, (self.n_heads, -1)).transpose(1, 2)  # [window, head, time, width of a head]
            for proj in (self.proj_q, self.proj_k, self.proj_v)
        )
        return functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


class FeedForward(nn.Module):
    """Two linear layers with the exact GELU between."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.hidden, config.hidden_ff)
        self.fc2 = nn.Linear(config.hidden_ff, config.hidden)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map each position of `[window, time, hidden]` on its own."""
        return self.fc2(functional.gelu(self.fc1(x)))  # type: ignore[no-any-return]


class Transformer(nn.Module):
    """One block whose weights are used `n_layers` times."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.embed = Embedding(config)
        self.attn = Attention(config)
        self.proj = nn.Linear(config.hidden, config.hidden)
        self.norm1 = LayerNorm(config.hidden)
        self.pwff = FeedForward(config)
        self.norm2 = LayerNorm(config.hidden)
        self.n_layers = config.n_layers

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Encode scaled samples `[window, time, channel]` as `[window, time, hidden]`."""
        h = self.embed(x)
        for _ in range(self.n_layers):
            h = self.attn(h)
            h = self.norm1(h + self.proj(h))  # the residual is the attention's output, not the block's input
            h = self.norm2(h + self.pwff(h))
        return h  # type: ignore[no-any-return]


class LimuBert(nn.Module):
    """The encoder, and the head that reconstructs masked samples while it is pre-trained.

    Takes windows as they are stored (acc in m/s² with gravity, gyr in rad/s) and scales them itself, so that nobody
    can scale them twice. Computes in float32 whatever the LM's type is: its layer norm's epsilon of 1e-12 vanishes in
    half precision.

    Source:
        Xu et al., "LIMU-BERT", SenSys 2021; LIMU-BERT-Public/models.py. Parameter names are the published ones.
        The published files also hold a linear layer `fc` that nothing uses; it is read and dropped.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.transformer = Transformer(config)
        self.linear = nn.Linear(config.hidden, config.hidden)
        self.norm = LayerNorm(config.hidden)
        self.decoder = nn.Linear(config.hidden, len(CHANNELS))

    @classmethod
    def from_published(cls, path: Path | str) -> LimuBert:
        """Load a published `.pt` file, without running any code in it.

        Args:
            path: a file such as `weights/uci.pt` of LIMU-BERT-Public.

        Returns:
            The encoder in evaluation mode, on the CPU, with the sizes that the file's tensors have.

        Raises:
            ModelError: the file is missing, damaged, or holds other tensors than LIMU-BERT's.
        """
        return cls._from_tensors(_read_published(Path(path)), Path(path))

    @classmethod
    def _from_tensors(cls, tensors: dict[str, torch.Tensor], path: Path) -> LimuBert:
        tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith("fc.")}
        encoder = cls(config_of(tensors, path))
        wanted = {name: list(tensor.shape) for name, tensor in encoder.state_dict().items()}
        problems = misfits({name: list(tensor.shape) for name, tensor in tensors.items()}, wanted)
        if problems:
            raise ModelError(
                f"these are not LIMU-BERT's weights: {'; '.join(problems)}",
                where=path,
                fix="name a published LIMU-BERT file",
            )
        encoder.load_state_dict(tensors)
        return encoder.eval()

    def scale(self, windows: torch.Tensor) -> torch.Tensor:
        """Bring stored windows `[window, time, channel]` (m/s², rad/s) to the scale LIMU-BERT learns on."""
        return torch.cat([windows[..., ACC] / ACC_SCALE, windows[..., GYR]], dim=-1)

    def embed(self, windows: torch.Tensor) -> torch.Tensor:
        """Encode stored windows.

        Args:
            windows: float32 `[window, time, channel]`, acc in m/s² with gravity, gyr in rad/s.

        Returns:
            float32 `[window, time, hidden]`.

        Raises:
            ModelError: the windows are longer than the encoder's positions.
        """
        if windows.shape[1] > self.config.max_len:
            raise ModelError(
                f"a window of {windows.shape[1]} samples is longer than the encoder's {self.config.max_len}",
                fix="prepare the data with shorter windows, or pre-train an encoder with a larger `encoder.max_len`",
            )
        return self.transformer(self.scale(windows.float()))  # type: ignore[no-any-return]

    forward = embed

    def reconstruct(self, scaled: torch.Tensor) -> torch.Tensor:
        """Predict every sample `[window, time, channel]` of scaled, partly masked windows."""
        h = functional.gelu(self.linear(self.transformer(scaled)))
        return self.decoder(self.norm(h))  # type: ignore[no-any-return]


def config_of(tensors: dict[str, torch.Tensor], path: Path) -> EncoderConfig:
    """Read the sizes off the tensors; heads and depth leave no trace in them and are the published 4 and 4."""
    from llasa_core.model.config import EncoderConfig  # noqa: PLC0415 - only this path needs pydantic

    try:
        max_len, hidden = tensors["transformer.embed.pos_embed.weight"].shape
        hidden_ff = tensors["transformer.pwff.fc1.weight"].shape[0]
    except (KeyError, ValueError):
        raise ModelError(
            "these are not LIMU-BERT's weights: `transformer.embed.pos_embed.weight` is missing",
            where=path,
            fix="name a published LIMU-BERT file",
        ) from None
    return EncoderConfig(hidden=hidden, hidden_ff=hidden_ff, max_len=max_len)


def _read_published(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise ModelError(f"there is no encoder file {path.name}", where=path, fix="check `encoder.checkpoint`")
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its unpickler meets
        raise ModelError(
            f"{path.name} cannot be read as a weights file: {str(error).splitlines()[0]}",
            where=path,
            fix="fetch the file again; files that hold code instead of tensors are refused",
        ) from error
    if not isinstance(tensors, dict) or not all(isinstance(value, torch.Tensor) for value in tensors.values()):
        raise ModelError(f"{path.name} holds no named tensors", where=path, fix="name a published LIMU-BERT file")
    return tensors
