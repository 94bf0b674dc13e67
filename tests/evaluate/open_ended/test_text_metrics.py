# ruff: noqa: PLC0415 - most tests here need no torch
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llasa_core.errors import ModelError
from llasa_core.evaluate.open_ended.text_metrics import bert_scores, rouge_l

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("answer", "reference", "score"),
    [
        ("A person walking.", "a PERSON, walking", 1),
        # the longest common subsequence is "police the gunman": 3 of 4 and 3 of 4 words
        ("police kill the gunman", "police killed the gunman", 3 / 4),
        ("the gunman kill police", "police killed the gunman", 2 / 4),
        ("walking", "a person walking slowly", 2 * 1 / 5),
        ("sitting", "walking", 0),
        ("", "walking", 0),
        ("1.9 Hz", "1.8 Hz", 2 / 3),
    ],
)
def test_rouge_l_by_hand(answer: str, reference: str, score: float):
    assert rouge_l(answer, reference) == pytest.approx(score)


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """Return the folder of a tiny random BERT."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "person", "walking", "sitting", "is", "."]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    folder = tmp_path / "encoder"
    BertTokenizerFast(str(tmp_path / "vocab.txt")).save_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16
        )
        BertModel(config).save_pretrained(folder)
    return folder


def test_the_same_text_has_a_bertscore_of_1_and_another_less(encoder: Path):
    same, other, nothing = bert_scores(
        ["a person walking", "a person sitting .", ""], ["a person walking"] * 3, encoder
    )

    assert same == pytest.approx(1, abs=1e-5)
    assert other < 0.999
    assert nothing == 0


def test_a_missing_encoder_is_said(tmp_path: Path):
    with pytest.raises(ModelError) as caught:
        bert_scores(["a"], ["a"], tmp_path / "none")

    assert str(caught.value) == (
        "there is no model for BERTScore\n"
        f"  where: {tmp_path / 'none'}\n"
        "  fix:   name the folder of a Hugging Face encoder in `eval.bertscore_model`, or leave the setting out"
    )
