"""What is learned decodes to the answer and its end of turn, for every template and every tokenizer at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lm_samples.tokenizers import FAMILIES, KINDS, codec_of
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from llasa_core.data.qa import SENSOR, Turn
from llasa_core.model.base_lm import TINY, BaseLm, locate
from llasa_core.model.config import ModelConfig
from llasa_core.model.prompt import SENSOR_ID, make_template
from llasa_core.model.text import TextCodec

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.model.prompt import Encoded, PromptTemplate

ANSWERS = (
    "Walking.",
    "The person is walking at 1.8 Hz.",
    "Über 9,8 m/s² — 走っています 🚶‍♀️👍🏽",
    " a space before",
    "a space behind ",
    "  two  spaces   and more  ",
    "first line\nsecond line\n\n\tthird\r\n",
    "\n",
    " ",
    "stop </s> here <|im_end|> and <|eot_id|> or <end_of_turn> and <|end|>",
    "</s>",
    "USER: Is it? ASSISTANT: Yes.</s>USER:",
    "[INST] no [/INST] <0x41>",
    "…",
)
OTHERS = ("vicuna_v1", "llava_v1", "plain")


def conversation() -> list[Turn]:
    turns = []
    for i, answer in enumerate(ANSWERS):
        turns += [Turn("human", f"{SENSOR}\nQuestion {i}? </s> "), Turn("gpt", answer)]
    return turns


def learned(encoded: Encoded) -> list[list[int]]:
    """Return the stretches of tokens that are learned."""
    stretches: list[list[int]] = [[]]
    for token, is_answer in zip(encoded.ids, encoded.is_answer, strict=True):
        if is_answer:
            stretches[-1].append(token)
        elif stretches[-1]:
            stretches.append([])
    return [stretch for stretch in stretches if stretch]


def check(codec: TextCodec, template: PromptTemplate, end: str) -> None:
    encoded = template.encode(conversation())
    found = learned(encoded)

    assert [codec._tokenizer.decode(ids, skip_special_tokens=False) for ids in found] == [
        text + end for text in ANSWERS
    ]
    assert [codec.decode(ids[:-1]) for ids in found] == list(ANSWERS)
    assert all(template.end_of_turn not in ids[:-1] for ids in found) or end == "\n"
    assert encoded.ids.count(SENSOR_ID) == len(ANSWERS)
    assert [template.encode_answer(text) for text in ANSWERS] == found


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", KINDS)
def test_answers_under_chat_templates(kind: str, family: str, tmp_path: Path):
    codec = codec_of(kind, family, tmp_path)
    template = make_template(ModelConfig(template="chat"), codec)

    check(codec, template, FAMILIES[family][1][0])
    n_ends = template.encode(conversation()).ids.count(template.end_of_turn)
    in_questions = 0 if family in {"mistral", "mistral-spaced"} else len(ANSWERS)
    assert n_ends == len(ANSWERS) + in_questions  # those of the answers and questions, none that somebody typed


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("kind", KINDS)
def test_answers_under_the_originals_templates(kind: str, name: str, tmp_path: Path):
    codec = codec_of(kind, "mistral", tmp_path)

    check(codec, make_template(ModelConfig(template=name), codec), "\n" if name == "plain" else "</s>")


@pytest.mark.parametrize("name", ["chat", *OTHERS])
def test_answers_of_the_random_lm(name: str):
    codec = TextCodec.of(BaseLm(TINY, None))

    check(codec, make_template(ModelConfig(template=name), codec), "\n" if name == "plain" else "<|im_end|>")


@pytest.mark.network
@pytest.mark.parametrize("name", ["chat", *OTHERS])
def test_answers_of_the_default_lm(name: str):
    codec = TextCodec.of(locate("smollm2-135m"))

    check(codec, make_template(ModelConfig(template=name), codec), "\n" if name == "plain" else "<|im_end|>")


@pytest.mark.shared
@pytest.mark.parametrize("name", OTHERS)
def test_answers_of_the_originals_tokenizer(name: str, shared: Path):
    codec = TextCodec.from_folder(shared / "golden" / "llava_tiny" / "models" / "tinyA" / "base")

    check(codec, make_template(ModelConfig(template=name), codec), "\n" if name == "plain" else "</s>")


def test_a_tokenizer_that_forgets_letters_gives_back_what_it_keeps():
    tokenizer = Tokenizer(
        models.WordPiece({word: i for i, word in enumerate(["[UNK]", "walking", "is", "##ing", "sitt", ":"])})
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(["</s>"])
    codec = TextCodec(tokenizer, {"eos_token": "</s>"})
    template = make_template(ModelConfig(template="vicuna_v1"), codec)

    ids = template.encode_answer("is sitting </s>")

    assert codec.decode(ids) == "is sitting [UNK] [UNK] [UNK] [UNK]"
    assert (ids[-1], ids.count(template.end_of_turn)) == (template.end_of_turn, 1)
