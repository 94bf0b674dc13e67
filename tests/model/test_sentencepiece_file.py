from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from lm_samples.sentencepiece_model import NORMAL, UNIGRAM, USER_DEFINED, model_bytes, pieces

from llasa_core.errors import ModelError
from llasa_core.model.sentencepiece_file import merges_of, parse, read_sentencepiece
from llasa_core.model.text import TextCodec

if TYPE_CHECKING:
    from pathlib import Path

COPY_AGAIN = "copy the tokenizer's files again from where the LM came from"


def folder_with(folder: Path, content: bytes, **settings: Any) -> Path:
    (folder / "tokenizer.model").write_bytes(content)
    if settings:
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def cut(codec: TextCodec, text: str, **how: bool) -> list[str]:
    """Return the tokens of a text as words."""
    ids = codec.encode(text, **{"with_special": False, **how})
    return [codec._tokenizer.id_to_token(token) for token in ids]


def test_all_that_decides_is_read():
    model = parse(model_bytes(adds_prefix=False, joins_spaces=True, kind=UNIGRAM))

    assert [piece.text for piece in model.pieces] == [text for text, _ in pieces()]
    assert [piece.kind for piece in model.pieces[:4]] == [2, 3, 3, 6]
    assert (model.kind, model.has_bytes, model.adds_prefix, model.joins_spaces) == (UNIGRAM, True, False, True)


def test_the_best_piece_is_made_first():
    letters = [("<unk>", 2), ("bc", NORMAL), ("ab", NORMAL), ("abc", NORMAL), *[(letter, NORMAL) for letter in "abc"]]

    assert merges_of(parse(model_bytes(letters))) == [("b", "c"), ("a", "b"), ("a", "bc"), ("ab", "c")]


def test_words_begin_with_their_space_and_unknown_letters_are_bytes(tmp_path: Path):
    codec = TextCodec.from_folder(folder_with(tmp_path, model_bytes(), legacy=False))

    assert cut(codec, "The person\nis ü") == ["▁The", "▁person", "<0x0A>", "is", "▁", "<0xC3>", "<0xBC>"]


@pytest.mark.parametrize(("legacy", "behind"), [(False, "USER"), (True, "▁USER"), (None, "▁USER")])
def test_a_space_behind_special_tokens_is_a_matter_of_legacy(legacy: bool | None, behind: str, tmp_path: Path):  # noqa: FBT001
    codec = TextCodec.from_folder(
        folder_with(tmp_path, model_bytes(), **({} if legacy is None else {"legacy": legacy}))
    )

    assert cut(codec, "is</s>USER is", with_special=True) == ["▁is", "</s>", behind, "▁is"]
    assert codec.begins_text("is</s>") is (behind == "▁USER")


@pytest.mark.parametrize("legacy", [False, True])
def test_a_text_keeps_the_spaces_that_it_begins_with(legacy: bool, tmp_path: Path):  # noqa: FBT001
    codec = TextCodec.from_folder(folder_with(tmp_path, model_bytes(), legacy=legacy))

    assert cut(codec, " is") == ["▁▁", "is"]
    assert cut(codec, "is", continues=True) == ["is"]
    assert codec.decode(codec.encode("  is ", with_special=False)) == "  is "


def test_a_model_without_a_prefix_puts_none(tmp_path: Path):
    by_model = TextCodec.from_folder(folder_with(tmp_path, model_bytes(adds_prefix=False), legacy=False))
    by_settings = TextCodec.from_folder(folder_with(tmp_path, model_bytes(), legacy=False, add_prefix_space=False))

    assert cut(by_model, "is") == cut(by_settings, "is") == ["is"]
    assert not by_model.brings_space


def test_spaces_are_joined_where_the_model_says_so(tmp_path: Path):
    codec = TextCodec.from_folder(folder_with(tmp_path, model_bytes(joins_spaces=True), legacy=False))

    assert codec.decode(codec.encode("is   walking", with_special=False)) == "is walking"


def test_bytes_that_are_no_letter_are_marked_one_by_one(tmp_path: Path):
    codec = TextCodec.from_folder(folder_with(tmp_path, model_bytes(), legacy=False))
    byte = {value: 3 + value for value in range(256)}

    assert codec.decode([byte[value] for value in b"\x8d\xecv\xcc"]) == "\ufffd\ufffdv\ufffd"
    assert codec.decode([byte[value] for value in "🚶".encode()]) == "🚶"


def test_added_tokens_are_found_before_a_text_is_cut(tmp_path: Path):
    n_pieces = len(pieces())
    folder = folder_with(
        tmp_path,
        model_bytes([*pieces(), ("<own>", USER_DEFINED)]),
        legacy=False,
        added_tokens_decoder={str(n_pieces + 1): {"content": "<mark>", "special": True}},
    )
    (folder / "added_tokens.json").write_text(json.dumps({"<old>": n_pieces + 2}))
    (folder / "special_tokens_map.json").write_text(json.dumps({"pad_token": "<old>"}))

    codec = TextCodec.from_folder(folder)

    assert cut(codec, "is<mark><old><own>", with_special=True) == ["▁is", "<mark>", "<old>", "<own>"]
    assert [codec.is_special(n_pieces + i) for i in range(3)] == [False, True, True]
    assert (codec.token("bos_token"), codec.token("pad_token")) == ("<s>", "<old>")


def test_a_saved_tokenizer_cuts_alike(tmp_path: Path):
    codec = TextCodec.from_folder(folder_with(tmp_path, model_bytes(), legacy=True))
    (tmp_path / "saved").mkdir()
    codec.save(tmp_path / "saved")
    again = TextCodec.from_folder(tmp_path / "saved")

    for text in ("  is walking", "</s>USER: ü\n"):
        for how in ({"with_special": True}, {"continues": True}, {}):
            assert cut(again, text, **how) == cut(codec, text, **how)


def test_a_chat_template_in_a_file_of_its_own_is_found(tmp_path: Path):
    folder_with(tmp_path, model_bytes())
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")

    assert read_sentencepiece(tmp_path)[1]["chat_template"] == "{{ messages }}"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (model_bytes()[:-3], "it ends at byte {size}, inside a field of 16 bytes"),
        (b"", "it holds no pieces"),
        (b"IQ== 0\nIg== 1\n", "it holds no pieces"),
        (b"\x0b", "byte 1 begins no field"),
        (b"\x08", "index out of range"),
        (model_bytes(kind=3), "it cuts text neither by BPE nor by a unigram model"),
    ],
    ids=["cut-off", "empty", "tiktoken", "no-field", "half-a-number", "word-model"],
)
def test_a_damaged_file_is_an_error(content: bytes, why: str, tmp_path: Path):
    with pytest.raises(ModelError) as caught:
        TextCodec.from_folder(folder_with(tmp_path, content))

    assert str(caught.value) == (
        f"tokenizer.model is damaged, or not a SentencePiece model: {why.format(size=len(content))}\n"
        f"  where: {tmp_path / 'tokenizer.model'}\n  fix:   {COPY_AGAIN}"
    )


def test_a_missing_file_is_an_error(tmp_path: Path):
    with pytest.raises(ModelError) as caught:
        TextCodec.from_sentencepiece(tmp_path)

    assert str(caught.value) == (
        "tokenizer.model cannot be read: No such file or directory\n"
        f"  where: {tmp_path / 'tokenizer.model'}\n  fix:   {COPY_AGAIN}"
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"), ("[]", "it holds no names")],
)
def test_damaged_settings_are_an_error(content: str, why: str, tmp_path: Path):
    folder_with(tmp_path, model_bytes())
    (tmp_path / "tokenizer_config.json").write_text(content)

    with pytest.raises(ModelError) as caught:
        TextCodec.from_folder(tmp_path)

    assert str(caught.value) == (
        f"tokenizer_config.json is damaged: {why}\n  where: {tmp_path / 'tokenizer_config.json'}\n  fix:   {COPY_AGAIN}"
    )


def test_files_that_number_a_token_differently_are_an_error(tmp_path: Path):
    folder_with(tmp_path, model_bytes(), added_tokens_decoder={"5": {"content": "</s>", "special": True}})

    with pytest.raises(ModelError) as caught:
        TextCodec.from_folder(tmp_path)

    assert str(caught.value) == (
        f"the tokenizer's files give `</s>` number 5; its place is 2\n  where: {tmp_path}\n  fix:   {COPY_AGAIN}"
    )
