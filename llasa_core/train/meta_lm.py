"""A base LM's shape without its weights, from whatever of it is here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from llasa_core.model.base_lm import EMBEDDED, cache_dir, is_fetched
from llasa_core.model.parameter_counts import UnknownSizes, lm_sizes

NOT_SETTINGS = {"model_type", "architectures", "torch_dtype", "dtype", "transformers_version"}


def meta_lm(name: str) -> Any:
    """Build a causal LM on whatever device is the default one, and fetch nothing.

    Args:
        name: as a recipe names it.

    Raises:
        UnknownSizes: its sizes are not known before it is fetched.
    """
    folder = _folder_of(name)
    if folder is None:
        sizes = lm_sizes(name)
        if sizes["model_type"] != "llama":
            raise UnknownSizes(f"the shape of {name} is not known before it is fetched")
        return _llama({key: value for key, value in sizes.items() if key not in NOT_SETTINGS})
    return _from_folder(folder)


def _folder_of(name: str) -> Path | None:
    """Find an LM's `config.json` on this machine."""
    if name in EMBEDDED:
        return cache_dir() / name if is_fetched(name) else None
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file():
        return folder
    if name.count("/") != 1:
        return None
    from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 - only where a hub id is named

    found = try_to_load_from_cache(name, "config.json")
    return Path(found).parent if isinstance(found, str) else None


def _llama(settings: dict[str, Any]) -> Any:
    from transformers.models.llama.configuration_llama import LlamaConfig  # noqa: PLC0415 - seconds
    from transformers.models.llama.modeling_llama import LlamaForCausalLM  # noqa: PLC0415

    return LlamaForCausalLM(LlamaConfig(**settings))


def _from_folder(folder: Path) -> Any:
    from transformers import AutoConfig, AutoModelForCausalLM  # noqa: PLC0415 - seconds

    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    if config.model_type == "llama":  # named, because the Auto classes take seconds to import
        from transformers.models.llama.modeling_llama import LlamaForCausalLM  # noqa: PLC0415

        return LlamaForCausalLM(config)
    return AutoModelForCausalLM.from_config(config)
