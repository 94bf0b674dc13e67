"""Small tokenizers of every kind that causal LMs come with, and the chat templates of well-known families."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lm_samples.sentencepiece_model import BPE, UNIGRAM, WORDS, model_bytes, pieces
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

from llasa_core.model.text import TextCodec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FAMILIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "chatml": (
        (
            "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + "
            "'<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
        ),
        ("<|im_end|>", "<|im_start|>"),
    ),
    "llama3": (
        (
            "{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + "
            "'<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
        ),
        ("<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"),
    ),
    "gemma": (
        (
            "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = "
            "'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + "
            "message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
        ),
        ("<end_of_turn>", "<start_of_turn>"),
    ),
    "mistral": (
        (
            "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + "
            "message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + "
            "eos_token }}{% endif %}{% endfor %}"
        ),
        ("</s>",),
    ),
    "mistral-spaced": (
        (
            "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + "
            "message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] + "
            "eos_token }}{% endif %}{% endfor %}"
        ),
        ("</s>",),
    ),
    "phi3": (
        (
            "{% for message in messages %}{% if message['role'] == 'user' %}{{ '<|user|>\n' + message['content'] + "
            "'<|end|>\n' }}{% elif message['role'] == 'assistant' %}{% generation %}{{ '<|assistant|>\n' + "
            "message['content'] + '<|end|>\n' }}{% endgeneration %}{% endif %}{% endfor %}{% if add_generation_prompt "
            "%}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}"
        ),
        ("<|end|>", "<|user|>", "<|assistant|>"),
    ),
    "zephyr": (
        (
            "{% for message in messages %}{% if message['role'] == 'user' %}{{ '<|user|>\n' + message['content'] + "
            "eos_token }}\n{% elif message['role'] == 'assistant' %}{{ '<|assistant|>\n' + message['content'] + "
            "eos_token }}\n{% endif %}{% if loop.last and add_generation_prompt %}{{ '<|assistant|>' }}\n{% endif %}"
            "{% endfor %}"
        ),
        ("</s>",),
    ),
}
"""Each template in its public form, the token that ends a turn, and its other special tokens."""


def codec_of(kind: str, family: str, folder: Path) -> TextCodec:
    """Make a tokenizer of a kind, with the special tokens and the template of a family.

    Args:
        kind: a key of `KINDS`.
        family: a key of `FAMILIES`.
        folder: where files may go.
    """
    template, special = FAMILIES[family]
    codec: TextCodec = KINDS[kind](special, folder)
    codec.settings = {**codec.settings, "chat_template": template}
    return codec


def _sentencepiece(special: Sequence[str], folder: Path, *, legacy: bool, **model: Any) -> TextCodec:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.model").write_bytes(model_bytes(**model))
    n_pieces = len(pieces())
    new = [word for word in special if word != "</s>"]
    added = {n_pieces + i: {"content": word, "special": True} for i, word in enumerate(new)}
    settings = {"legacy": legacy, "added_tokens_decoder": added}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return TextCodec.from_folder(folder)


def _saved(special: Sequence[str], folder: Path) -> TextCodec:
    """Make a tokenizer that was written by `TextCodec.save` and read again."""
    _sentencepiece(special, folder, legacy=True).save(folder)
    (folder / "tokenizer.model").unlink()
    return TextCodec.from_folder(folder)


def _byte_level(special: Sequence[str], _folder: Path, *, adds_prefix: bool = False) -> TextCodec:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    parts = [f"{space}{word[:end]}" for word in WORDS for space in ("", "Ġ") for end in range(2, len(word) + 1)]
    parts += [f"Ġ{letter}" for letter in letters]
    vocabulary = list(dict.fromkeys([*letters, *parts]))
    merges = [(part[:-1], part[-1]) for part in dict.fromkeys(parts)]
    tokenizer = Tokenizer(models.BPE({text: i for i, text in enumerate(vocabulary)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=adds_prefix)
    tokenizer.decoder = decoders.ByteLevel()
    return _with_special(tokenizer, special)


def _gemma(special: Sequence[str], _folder: Path) -> TextCodec:
    """Make a tokenizer with spaces as letters and none put before a text, whose merges spell `</s>` too."""
    words = [text for text, _ in pieces()] + ["</", "</s", "</s>"]
    vocabulary = {text: i for i, text in enumerate(dict.fromkeys([*words]))}
    merges = [(word[:-1], word[-1]) for word in words if len(word) > 1 and word[:-1] in vocabulary]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))  # noqa: S106
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return _with_special(tokenizer, special)


def _with_special(tokenizer: Tokenizer, special: Sequence[str]) -> TextCodec:
    known = dict.fromkeys(["<s>", "</s>", *special])
    tokenizer.add_special_tokens([AddedToken(word, special=True, normalized=False) for word in known])
    return TextCodec(tokenizer, {"bos_token": "<s>", "eos_token": "</s>"})


KINDS: dict[str, Any] = {
    "sentencepiece": lambda special, folder: _sentencepiece(special, folder, legacy=False),
    "sentencepiece-legacy": lambda special, folder: _sentencepiece(special, folder, legacy=True),
    "sentencepiece-unigram": lambda special, folder: _sentencepiece(special, folder, legacy=True, kind=UNIGRAM),
    "sentencepiece-bare": lambda special, folder: _sentencepiece(
        special, folder, legacy=False, kind=BPE, adds_prefix=False
    ),
    "saved": _saved,
    "byte-level": _byte_level,
    "byte-level-prefix": lambda special, folder: _byte_level(special, folder, adds_prefix=True),
    "gemma": _gemma,
}
