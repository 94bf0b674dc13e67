from __future__ import annotations

import json
import shutil
from collections import namedtuple
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
import yaml
from transformers import AutoModelForCausalLM, AutoTokenizer

from llasa_cli.app import main
from llasa_core.errors import ModelError, RunError, UsageError
from llasa_core.export.merge import export_merged
from llasa_core.export.source import find_source
from llasa_core.model.base_lm import load_lm, locate
from llasa_core.model.checkpoint import load_checkpoint
from llasa_core.model.text import TextCodec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.export.source import Source


@pytest.fixture(scope="module")
def merged(with_adapter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("merged") / "smol"
    return export_merged(find_source(with_adapter, folder.parent), folder).folder


def test_a_merged_folder_is_a_checkpoint_that_gives_the_same_scores(
    with_adapter: Path, merged: Path, tiny_checkpoint: Path, scores: Callable[[Path], np.ndarray]
):
    before = scores(with_adapter)

    np.testing.assert_allclose(scores(merged), before, atol=1e-5)
    assert np.abs(scores(tiny_checkpoint) - before).max() > 0.1  # without what the adapter learned


def test_a_whole_lm_is_exported_too(with_whole_lm: Path, tmp_path: Path, scores: Callable[[Path], np.ndarray]):
    export_merged(find_source(with_whole_lm, tmp_path), tmp_path / "out")

    np.testing.assert_allclose(scores(tmp_path / "out"), scores(with_whole_lm), atol=1e-5)


def test_transformers_auto_classes_load_the_lm_and_the_tokenizer(with_adapter: Path, merged: Path):
    ours = load_checkpoint(with_adapter, device="cpu", in_transformers=True)
    lm = AutoModelForCausalLM.from_pretrained(merged)
    tokenizer = AutoTokenizer.from_pretrained(merged)
    text = "Walk 123 steps.<|im_end|>\n  é"

    ids = tokenizer(text, return_tensors="pt")["input_ids"]

    assert ids[0].tolist() == ours.codec.encode(text, with_special=True)
    assert lm.dtype == torch.float32
    with torch.inference_mode():
        torch.testing.assert_close(lm(ids).logits, ours.lm(ids).logits, atol=1e-5, rtol=0)
    rendered = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False)
    assert rendered == "<|im_start|>user\nHi<|im_end|>\n"


def test_a_merged_folder_can_be_the_base_lm_of_a_recipe(with_adapter: Path, merged: Path):
    base = locate(str(merged))

    trained = load_checkpoint(with_adapter, device="cpu", in_transformers=True).lm.state_dict()
    for name, tensor in load_lm(base, "float32").state_dict().items():
        torch.testing.assert_close(tensor, trained[name])
    assert TextCodec.of(base).encode("Hi", with_special=False) == [72 - 33, 105 - 33]  # byte-level: "!" is 0


def test_a_merged_folder_says_what_it_was_made_of(merged: Path):
    said = json.loads((merged / "llasa.json").read_text())
    card = (merged / "README.md").read_text()

    assert said["adapter"] is None
    assert said["merged_from"]["adapter"]["rank"] == 2
    assert said["merged_from"]["lm"] == "adapter"
    assert said["merged_from"]["base_lm"]["name"] == "tiny-random"
    assert yaml.safe_load(card.split("---\n")[1])["library_name"] == "transformers"
    assert "This folder brings its LM along, in float32" in card
    assert "a LoRA adapter, rank 2, alpha 16" in card


def test_inspect_shows_a_merged_folder(merged: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["inspect", str(merged)]) == 0

    assert "tiny-random (llama), merged into this folder" in capsys.readouterr().out


def test_a_merged_folder_is_not_merged_again(merged: Path, tmp_path: Path):
    with pytest.raises(ModelError) as raised:
        export_merged(find_source(merged, tmp_path), tmp_path / "out")

    assert str(raised.value) == (
        "this checkpoint is merged already: it brings its LM along\n"
        f"  where: {merged}\n"
        "  fix:   copy the folder, or name the checkpoint that it was made of"
    )


def test_a_merged_folder_takes_no_other_base_lm(merged: Path):
    with pytest.raises(ModelError) as raised:
        load_checkpoint(merged, base_lm="tiny-random", device="cpu")

    assert str(raised.value) == (
        "this checkpoint brings its LM along, with the adapter merged into it\n"
        f"  where: {merged}\n"
        "  fix:   leave out `--base-lm`"
    )


def test_what_is_there_already_is_not_overwritten(source: Source, tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(UsageError) as raised:
        export_merged(source, tmp_path)

    assert str(raised.value) == (
        f"there is something here already\n  where: {tmp_path}\n  fix:   name another folder after `--to`"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_disk_without_room_is_found_before_anything_is_written(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - what shutil returns
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10**12, 10**12 - 10**6, 10**6))

    with pytest.raises(RunError) as raised:
        export_merged(source, tmp_path / "deep" / "out")

    assert str(raised.value) == (
        "the disk has 1 MB left, out needs 65 MB\n"
        f"  where: {tmp_path / 'deep' / 'out'}\n"
        "  fix:   free some space and run the same command again, or name a place on another disk"
    )
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_breaks_off_leaves_nothing(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupted(_source: Source) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("llasa_core.export.merge._card", interrupted)

    with pytest.raises(KeyboardInterrupt):
        export_merged(source, tmp_path / "out")

    assert list(tmp_path.iterdir()) == []
