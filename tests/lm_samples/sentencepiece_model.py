"""A small SentencePiece model in its own format: bytes, letters, and the words of a few sentences."""

from __future__ import annotations

import string
import struct

WORDS = (
    "USER",
    "ASSISTANT",
    "The",
    "person",
    "is",
    "walking",
    "sitting",
    "about",
    "What",
    "doing",
    "Walking",
    "Sitting",
)
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6
UNIGRAM, BPE = 1, 2
Piece = tuple[str, int]


def pieces() -> list[Piece]:
    """Return the vocabulary: special tokens, bytes, words from their beginnings up, letters; best first."""
    starts = [space + word for word in WORDS for space in ("▁", "")]
    parts = [word[:end] for word in starts for end in range(2, len(word) + 1)]
    letters = ["▁", *string.ascii_letters, *string.digits, *".,:;?!'\"()[]<>/|_-", "é"]
    special = [("<unk>", UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL)]
    as_bytes = [(f"<0x{byte:02X}>", BYTE) for byte in range(256)]
    return special + as_bytes + [(text, NORMAL) for text in dict.fromkeys(["▁▁", *parts, *letters])]


def model_bytes(
    vocabulary: list[Piece] | None = None, *, kind: int = BPE, adds_prefix: bool = True, joins_spaces: bool = False
) -> bytes:
    """Write a `tokenizer.model`; a piece's score is its place, and for a unigram model its length."""
    content = b""
    for i, (text, piece_kind) in enumerate(pieces() if vocabulary is None else vocabulary):
        score = struct.pack("<f", -float(i) if kind == BPE else len(text) - 10.0)
        content += _text(1, _text(1, text.encode()) + _key(2, 5) + score + _number(3, piece_kind))
    trainer = _number(3, kind) + _number(35, 1)
    rules = _text(1, b"identity") + _number(3, int(adds_prefix)) + _number(4, int(joins_spaces)) + _number(5, 1)
    return content + _text(2, trainer) + _text(3, rules)


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _key(number: int, form: int) -> bytes:
    return _varint(number << 3 | form)


def _number(number: int, value: int) -> bytes:
    return _key(number, 0) + _varint(value)


def _text(number: int, content: bytes) -> bytes:
    return _key(number, 2) + _varint(len(content)) + content
