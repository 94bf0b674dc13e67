"""Prompts are put together from pieces, and yet their tokens are those of one long text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lm_samples.tokenizers import FAMILIES, codec_of
from tokenizers import normalizers

from llasa_core.data.qa import SENSOR, Turn
from llasa_core.errors import ModelError
from llasa_core.model.config import ModelConfig
from llasa_core.model.prompt import SENSOR_ID, make_template

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.model.text import TextCodec

TURNS = [Turn("human", "What is the person doing?"), Turn("gpt", "Walking."), Turn("human", "is it?")]


def whole(codec: TextCodec) -> list[int]:
    """Return the tokens of the conversation as the chat template renders it in one text."""
    roles = {"human": "user", "gpt": "assistant"}
    messages = [{"role": roles[turn.speaker], "content": turn.text} for turn in TURNS]
    return codec.encode(codec.render(messages, add_generation_prompt=True), with_special=True)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", ["byte-level", "gemma", "sentencepiece-bare"])
def test_tokenizers_without_a_space_of_their_own(kind: str, family: str, tmp_path: Path):
    codec = codec_of(kind, family, tmp_path)
    ids = make_template(ModelConfig(), codec).encode(TURNS).ids

    assert codec._tokenizer.decode(ids, skip_special_tokens=False).rstrip(" ") == codec._tokenizer.decode(
        whole(codec), skip_special_tokens=False
    )


@pytest.mark.parametrize("family", ["mistral-spaced"])
@pytest.mark.parametrize("kind", ["sentencepiece", "sentencepiece-legacy", "saved"])
def test_tokenizers_that_put_a_space_do_it_once(kind: str, family: str, tmp_path: Path):
    codec = codec_of(kind, family, tmp_path)

    assert make_template(ModelConfig(), codec).encode(TURNS).ids == whole(codec)


def test_questions_behind_a_line_end_get_no_space(tmp_path: Path):
    codec = codec_of("sentencepiece", "chatml", tmp_path)
    words = [codec._tokenizer.id_to_token(token) for token in make_template(ModelConfig(), codec).encode(TURNS).ids]

    assert words[words.index("<0x0A>") + 1] == "What"
    assert words[words.index(".") - 1] == "▁Walking"  # an answer begins as a text of its own, to decode to the letter


@pytest.mark.parametrize(("kind", "to_human"), [("sentencepiece", "USER"), ("sentencepiece-legacy", "▁USER")])
def test_vicuna_goes_on_behind_an_end_of_turn_as_the_tokenizer_says(kind: str, to_human: str, tmp_path: Path):
    codec = codec_of(kind, "mistral", tmp_path)
    ids = make_template(ModelConfig(template="vicuna_v1"), codec).encode(TURNS).ids

    assert codec._tokenizer.id_to_token(ids[ids.index(2) + 1]) == to_human


def test_text_behind_a_window_begins_anew(tmp_path: Path):
    codec = codec_of("sentencepiece", "mistral", tmp_path)
    ids = make_template(ModelConfig(template="vicuna_v1"), codec).encode([Turn("human", f"is {SENSOR} is")]).ids
    at = ids.index(SENSOR_ID)

    assert [codec._tokenizer.id_to_token(token) for token in ids[at - 2 : at]] == ["▁is", "▁"]
    assert [codec._tokenizer.id_to_token(token) for token in ids[at + 1 : at + 3]] == ["▁▁", "is"]


@pytest.mark.parametrize(("adds_bos", "first"), [(None, 1), (True, 1), (False, SENSOR_ID)])
def test_a_prompt_begins_with_the_first_token_unless_the_tokenizer_has_it_not(
    adds_bos: bool | None,  # noqa: FBT001
    first: int,
    tmp_path: Path,
):
    codec = codec_of("sentencepiece", "mistral", tmp_path)
    codec.settings["add_bos_token"] = adds_bos

    assert make_template(ModelConfig(template="plain"), codec).encode([Turn("human", SENSOR)]).ids[0] == first


def test_the_originals_questions_have_other_words_around_them(tmp_path: Path):
    codec = codec_of("sentencepiece", "mistral", tmp_path)
    ids = make_template(ModelConfig(template="llava_v1"), codec).encode(TURNS[:1]).ids

    assert codec.decode(ids).endswith("in the context of the questions. USER: What is the person doing? ASSISTANT:")


def test_plain_needs_a_line_end(tmp_path: Path):
    codec = codec_of("byte-level", "chatml", tmp_path)
    codec._tokenizer.normalizer = normalizers.Strip()

    with pytest.raises(ModelError) as caught:
        make_template(ModelConfig(template="plain"), codec)

    assert str(caught.value) == (
        "the tokenizer has no line end: the model could not learn when a caption stops\n"
        "  fix:   set `model.template: vicuna_v1`, or name another LM"
    )
