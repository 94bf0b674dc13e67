"""A checkpoint folder, looked at without loading its weights."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.data.counting import number_of
from llasa_core.errors import ModelError, UsageError
from llasa_core.inspect.looked import facts, size_of, table
from llasa_core.model.calibration import read_calibration
from llasa_core.model.head import HEAD_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.inspect.looked import Paper
    from llasa_core.model.calibration import Calibration

CONFIG_FILE = "config.json"
MERGED_FILE = "llasa.json"
"""Instead of it where the folder brings its LM along, whose `config.json` is its own."""
NEEDED = ("encoder.safetensors", "projector.safetensors", "tokenizer.json")
LONGEST_HEADER = 100_000_000
"""Bytes; the format's own limit."""
_COPY_AGAIN = "copy the checkpoint again, with all its files"


@dataclass(frozen=True)
class CheckpointFound:
    """What a checkpoint is made of."""

    folder: Path
    config: dict[str, Any]
    weights: dict[str, dict[str, int]]
    """Bytes, tensors and parameters of each file."""
    files: list[str]
    calibration: Calibration | None = None

    @property
    def refusals(self) -> tuple[ModelError, ...]:
        """What `eval` and `chat` would miss."""
        wanted = [
            *NEEDED,
            *([CONFIG_FILE] if MERGED_FILE in self.files else []),
            *(["adapter/adapter_model.safetensors"] if self.config["adapter"] else []),
        ]
        missing = [name for name in wanted if not (self.folder / name).is_file()]
        if not missing:
            return ()
        return (ModelError(f"the checkpoint lacks {', '.join(missing)}", where=self.folder, fix=_COPY_AGAIN),)

    @property
    def _where_lm_is(self) -> str:
        return "merged into this folder" if MERGED_FILE in self.files else "not in this folder"

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {**self.config, "weights": self.weights, "files": self.files, **self._calibration}

    @property
    def _calibration(self) -> dict[str, Any]:
        return {} if self.calibration is None else {"calibration": self.calibration.as_dict()}

    @property
    def _how_calibrated(self) -> str:
        fitted = self.calibration
        if fitted is None:
            return "none; `llasa eval` fits one"
        stands_on = f"{number_of(fitted.windows, 'window')} of {fitted.people} people"
        return f"temperature {fitted.temperature:.3f}, fitted on {stands_on} ({fitted.split} split of {fitted.data})"

    @property
    def _what_head_does(self) -> str:
        has_one = HEAD_FILE in self.files
        return "names windows without the LM, for `llasa timeline`" if has_one else "none; the LM names every window"

    def as_text(self, paper: Paper) -> str:
        """Return what people read."""
        del paper
        model, adapter, base = self.config["model"], self.config["adapter"], self.config["base_lm"]
        lora = f"LoRA, rank {adapter['rank']}, alpha {adapter['alpha']:g}, {adapter['targets']}" if adapter else "none"
        rows = [
            (name, each["parameters"], each["tensors"], size_of(each["bytes"])) for name, each in self.weights.items()
        ]
        return "\n".join(
            [
                f"{self.folder.name}: a LLaSA checkpoint, made by version {self.config.get('llasa', 'unknown')}",
                *facts(
                    [
                        ("base LM", f"{base['name']} ({base.get('model_type', 'unknown')}), {self._where_lm_is}"),
                        ("encoder", _encoder(self.config["encoder"])),
                        (
                            "projector",
                            f"{model['projector']}, {number_of(model['sensor_tokens'], 'sensor token')} a window",
                        ),
                        ("adapter", lora),
                        ("template", model["template"]),
                        ("windows", f"{self.config['window_s']:g} s at {self.config['sampling_rate_hz']:g} Hz"),
                        ("activities", ", ".join(self.config["activities"])),
                        ("calibrated", self._how_calibrated),
                        ("light head", self._what_head_does),
                        ("recipe", "recipe.yaml is how it was made" if "recipe.yaml" in self.files else "not stored"),
                    ]
                ),
                "",
                *table(("weights", "parameters", "tensors", "size"), rows),
            ]
        )

    def draw(self, path: Path) -> None:
        """Refuse: there is nothing to see."""
        raise UsageError(f"--png {path}: a checkpoint has no picture", where=self.folder, fix="leave out `--png`")


def is_checkpoint(folder: Path) -> bool:
    """Return whether a folder is a checkpoint, or was meant to be one."""
    return (folder / CONFIG_FILE).is_file() and any(folder.glob("*.safetensors"))


def look_at_checkpoint(folder: Path) -> CheckpointFound:
    """Return what a checkpoint is made of.

    Args:
        folder: as `llasa finetune` wrote it.

    Raises:
        ModelError: its config or calibration is not one of ours, or a file of weights is damaged.
    """
    weights = {
        str(path.relative_to(folder).as_posix()): _weights(path) for path in sorted(folder.rglob("*.safetensors"))
    }
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return CheckpointFound(folder, _config(_config_file(folder)), weights, files, read_calibration(folder))


def _config_file(folder: Path) -> Path:
    merged = folder / MERGED_FILE
    return merged if merged.is_file() else folder / CONFIG_FILE


def _encoder(encoder: dict[str, Any]) -> str:
    return (
        f"LIMU-BERT, hidden {encoder['hidden']}, one block run {number_of(encoder['n_layers'], 'time')}, "
        f"{number_of(encoder['n_heads'], 'head')}"
    )


def _config(path: Path) -> dict[str, Any]:
    """Return `config.json`; the keys that are read here are checked, all of them when the model is loaded."""
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        _ = config["base_lm"]["name"], config["activities"], config["adapter"]
        _ = [config["encoder"][key] for key in ("hidden", "n_layers", "n_heads")]
        _ = [config["model"][key] for key in ("projector", "sensor_tokens", "template")]
        _ = float(config["window_s"]), float(config["sampling_rate_hz"])
    except (ValueError, KeyError, TypeError) as error:
        what = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise ModelError(
            f"the checkpoint's {path.name} cannot be read: {what}",
            where=path,
            fix=f"copy the checkpoint again; a {path.name} of another tool is not a LLaSA checkpoint",
        ) from error
    return config


def _weights(path: Path) -> dict[str, int]:
    """Return how much a safetensors file holds, from its header alone.

    Source:
        github.com/huggingface/safetensors, "Format": 8 bytes with the header's length, then JSON.
    """
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length if length < min(size, LONGEST_HEADER) else 0))
        tensors = [each for name, each in header.items() if name != "__metadata__"]
        parameters = sum(math.prod(each["shape"]) for each in tensors)
        end = 8 + length + max((each["data_offsets"][1] for each in tensors), default=0)
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError("the file holds no weights: its header is damaged", where=path, fix=_COPY_AGAIN) from error
    if end != size:
        raise ModelError(f"the file has {size:,} bytes, its header says {end:,}", where=path, fix=_COPY_AGAIN)
    return {"bytes": size, "tensors": len(tensors), "parameters": parameters}
