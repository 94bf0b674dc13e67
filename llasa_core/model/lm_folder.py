"""A folder that holds a causal LM as Hugging Face's loaders read it."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llasa_core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def files_of(folder: Path | None, seed: int, *, is_needed: bool) -> Iterator[Path | None]:
    """Yield a base LM's folder; the random LM has one for as long as only a loader can do what is asked for."""
    if folder is not None or not is_needed:
        yield folder
        return
    from llasa_core.model.tiny_lm import write_tiny_lm  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as scratch:
        write_tiny_lm(seed, Path(scratch))
        yield Path(scratch)


def load_folder(folder: Path, dtype: Any, options: dict[str, Any]) -> Any:
    """Load a causal LM with transformers.

    Args:
        folder: holds `config.json` and safetensors.
        dtype: torch type of the weights in memory.
        options: what else its loaders are told.

    Raises:
        ModelError: it is no causal LM that transformers loads without running code from it.
    """
    architecture = read_config(folder).get("architectures", [""])[0]
    try:
        if architecture == "LlamaForCausalLM":  # named, because the Auto classes take seconds to import
            from transformers.models.llama.modeling_llama import LlamaForCausalLM as Loader  # noqa: PLC0415
        else:
            from transformers import AutoModelForCausalLM as Loader  # noqa: PLC0415
        from transformers.utils import logging  # noqa: PLC0415

        logging.disable_progress_bar()
        return Loader.from_pretrained(folder, dtype=dtype, local_files_only=True, **options)
    except Exception as error:
        raise ModelError(
            f"the base LM cannot be loaded: {str(error).splitlines()[0]}",
            where=folder,
            fix="check that the folder holds the whole model as safetensors; `llasa fetch` makes the embedded one anew",
        ) from error


def read_config(folder: Path) -> dict[str, Any]:
    """Return a base LM's `config.json`."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config
