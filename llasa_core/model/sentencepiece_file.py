"""A SentencePiece `tokenizer.model` to a tokenizer, as the slow `LlamaTokenizer` of the original reads it.

Vicuna and the checkpoints of the original hold no other form of their tokenizer. Reading it takes a protobuf of three
messages, so neither sentencepiece nor protobuf is needed.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llasa_core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tokenizers import Tokenizer

MODEL_FILE = "tokenizer.model"
SPACE = "▁"
NORMAL, UNKNOWN, CONTROL, USER_DEFINED = 1, 2, 3, 4
"""Types of a piece (`SentencePiece.Type`); a byte is 6 and an unused piece 5."""
UNIGRAM, BPE = 1, 2
"""Types of a model (`TrainerSpec.ModelType`)."""
NEVER = -1e6
"""A score that no text is cut by: `<0x41>` stands for a byte, and is not found where somebody writes it."""
VARINT, EIGHT_BYTES, WITH_LENGTH, FOUR_BYTES = 0, 1, 2, 5
"""How protobuf writes a field."""
DEFAULTS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": None}
"""What a `LlamaTokenizer` has where its files name no others."""


@dataclass(frozen=True)
class Piece:
    """One token of the vocabulary; its number is its place."""

    text: str
    score: float = 0.0
    kind: int = NORMAL


@dataclass
class SentencePieceModel:
    """What of a `tokenizer.model` decides how text is cut."""

    pieces: list[Piece] = field(default_factory=list)
    kind: int = UNIGRAM
    has_bytes: bool = False
    """Characters that have no piece are written as bytes."""
    charsmap: bytes = b""
    """Characters that are replaced by others; empty for Llama."""
    adds_prefix: bool = True
    """A space is put before the text."""
    joins_spaces: bool = True
    """Several spaces become one; False for Llama."""


def read_sentencepiece(folder: Path) -> tuple[Tokenizer, dict[str, Any]]:
    """Read a folder's `tokenizer.model` with the settings beside it.

    `legacy` decides whether a space is also put behind special tokens. It is true where `tokenizer_config.json` does
    not say, as in transformers 4, which the original runs on.

    Returns:
        The tokenizer, and its settings: special tokens, `legacy`, a chat template if there is one.

    Raises:
        ModelError: the file is missing or damaged, or the files beside it contradict it.
    """
    file = folder / MODEL_FILE
    try:
        model = parse(file.read_bytes())
    except OSError as error:
        raise ModelError(f"{MODEL_FILE} cannot be read: {error.strerror}", where=file, fix=_COPY_AGAIN) from error
    except (ValueError, IndexError, struct.error, UnicodeDecodeError) as error:
        raise ModelError(
            f"{MODEL_FILE} is damaged, or not a SentencePiece model: {error}", where=file, fix=_COPY_AGAIN
        ) from error
    settings = _settings(folder)
    tokenizer = make_tokenizer(
        model, is_legacy=settings["legacy"], adds_prefix=settings.get("add_prefix_space") is not False
    )
    _add_tokens(tokenizer, model, settings, folder)
    return tokenizer, settings


_COPY_AGAIN = "copy the tokenizer's files again from where the LM came from"


def parse(content: bytes) -> SentencePieceModel:
    """Read the protobuf.

    Source:
        github.com/google/sentencepiece, src/sentencepiece_model.proto: ModelProto holds pieces in field 1, TrainerSpec
        in 2, NormalizerSpec in 3.

    Raises:
        ValueError: the bytes are something else, or end too early.
    """
    model = SentencePieceModel()
    for number, value in _fields(content):
        if number == 1:
            piece = dict(_fields(value))
            (score,) = struct.unpack("<f", piece.get(2, bytes(4)))
            model.pieces.append(Piece(piece[1].decode(), score, piece.get(3, NORMAL)))
        elif number == 2:  # noqa: PLR2004 - the format's numbers, see above
            trainer = dict(_fields(value))
            model.kind = trainer.get(3, UNIGRAM)
            model.has_bytes = bool(trainer.get(35, 0))
        elif number == 3:  # noqa: PLR2004
            rules = dict(_fields(value))
            model.charsmap = rules.get(2, b"")
            model.adds_prefix, model.joins_spaces = bool(rules.get(3, 1)), bool(rules.get(4, 1))
    if not model.pieces:
        raise ValueError("it holds no pieces")
    if model.kind not in {UNIGRAM, BPE}:
        raise ValueError("it cuts text neither by BPE nor by a unigram model")
    return model


def _fields(content: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the number and value of each field of a protobuf message."""
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        number, form = key >> 3, key & 7
        if form == VARINT:
            value, at = _varint(content, at)
            yield number, value
            continue
        if form == WITH_LENGTH:
            length, at = _varint(content, at)
        elif form in {EIGHT_BYTES, FOUR_BYTES}:
            length = 8 if form == EIGHT_BYTES else 4
        else:
            raise ValueError(f"byte {at} begins no field")
        if at + length > len(content):
            raise ValueError(f"it ends at byte {len(content)}, inside a field of {length} bytes")
        yield number, content[at : at + length]
        at += length


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a number has no high bit
            return value, at


def make_tokenizer(model: SentencePieceModel, *, is_legacy: bool, adds_prefix: bool) -> Tokenizer:
    """Build the tokenizer, without its special tokens.

    Args:
        model: from `parse`.
        is_legacy: put the space before every stretch of text, and not before the first alone.
        adds_prefix: put one at all; both this and the model have to want it.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers  # noqa: PLC0415

    adds_prefix = adds_prefix and model.adds_prefix
    unknown = next((i for i, piece in enumerate(model.pieces) if piece.kind == UNKNOWN), 0)
    if model.kind == BPE:
        words = {piece.text: i for i, piece in enumerate(model.pieces)}
        unk = model.pieces[unknown].text
        backend: Any = models.BPE(words, merges_of(model), unk_token=unk, fuse_unk=True, byte_fallback=model.has_bytes)
    else:
        scored = [(piece.text, piece.score if piece.kind == NORMAL else NEVER) for piece in model.pieces]
        backend = models.Unigram(scored, unk_id=unknown, byte_fallback=model.has_bytes)
    tokenizer = Tokenizer(backend)
    steps: list[Any] = [normalizers.Precompiled(model.charsmap)] if model.charsmap else []
    if model.joins_spaces:
        steps += [normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")]
    if is_legacy:
        steps += [*([normalizers.Prepend(SPACE)] if adds_prefix else []), normalizers.Replace(" ", SPACE)]
    else:
        scheme = "first" if adds_prefix else "never"
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(SPACE, prepend_scheme=scheme, split=False)
    if steps:
        tokenizer.normalizer = normalizers.Sequence(steps)
    back = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence([*back, *([decoders.Strip(" ", 1, 0)] if adds_prefix else [])])
    return tokenizer


def merges_of(model: SentencePieceModel) -> list[tuple[str, str]]:
    """Return every way to make a piece from two others, best piece first: what SentencePiece's BPE looks for."""
    normal = {piece.text: piece.score for piece in model.pieces if piece.kind == NORMAL}
    found = []
    for piece, score in normal.items():
        for cut in range(1, len(piece)):
            left, right = piece[:cut], piece[cut:]
            if left in normal and right in normal:
                found.append((score, left, right))
    return [(left, right) for _, left, right in sorted(found, key=lambda merge: -merge[0])]


def _settings(folder: Path) -> dict[str, Any]:
    """Return what `tokenizer_config.json` says, and the older files for what it leaves open."""
    config = _json(folder / "tokenizer_config.json")
    older = _json(folder / "special_tokens_map.json")
    known = {name: config.get(name, older.get(name, default)) for name, default in DEFAULTS.items()}
    template = folder / "chat_template.jinja"
    if template.is_file():
        known["chat_template"] = template.read_text(encoding="utf-8")
    legacy = config.get("legacy")
    return {**config, **known, "legacy": True if legacy is None else bool(legacy)}


def _json(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        if not isinstance(values, dict):
            raise TypeError("it holds no names")  # noqa: TRY301 - one error for all that is wrong with the file
    except (ValueError, TypeError) as error:
        raise ModelError(f"{file.name} is damaged: {error}", where=file, fix=_COPY_AGAIN) from error
    return values


def _add_tokens(tokenizer: Tokenizer, model: SentencePieceModel, settings: dict[str, Any], folder: Path) -> None:
    """Make the pieces and the added tokens known that are found in a text before it is cut."""
    from tokenizers import AddedToken  # noqa: PLC0415

    kinds = {CONTROL: True, UNKNOWN: True, USER_DEFINED: False}
    own = {i: piece for i, piece in enumerate(model.pieces) if piece.kind in kinds}
    wanted: dict[int, dict[str, Any]] = {
        i: {"content": piece.text, "special": kinds[piece.kind]} for i, piece in own.items() if piece.text != SPACE
    }
    wanted |= {number: {"content": text} for text, number in _json(folder / "added_tokens.json").items()}
    wanted |= {int(number): token for number, token in settings.get("added_tokens_decoder", {}).items()}
    named = {_text(settings[name]) for name in DEFAULTS}
    for number, token in sorted(wanted.items()):
        content = token["content"]
        sides = {side: bool(token.get(side)) for side in ("lstrip", "rstrip", "single_word")}
        is_special = bool(token.get("special")) or content in named
        added = AddedToken(content, normalized=False, special=is_special, **sides)
        (tokenizer.add_special_tokens if is_special else tokenizer.add_tokens)([added])
        found = tokenizer.token_to_id(content)
        if found != number:
            raise ModelError(
                f"the tokenizer's files give `{content}` number {number}; its place is {found}",
                where=folder,
                fix=_COPY_AGAIN,
            )


def _text(token: Any) -> Any:
    return token.get("content") if isinstance(token, dict) else token
