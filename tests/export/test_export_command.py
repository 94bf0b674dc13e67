from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hub_fakes.server import TOKEN, a_hub
from huggingface_hub import constants

from llasa_cli.app import main

if TYPE_CHECKING:
    from pathlib import Path


def test_merge_and_push_in_one_command(
    with_adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    out = tmp_path / "merged"
    with a_hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)

        code = main(
            ["export", str(with_adapter), "--merge", "--to", str(out), "--to-hub", "me/x", "--public", "--json"]
        )

        assert code == 0
        assert {"model.safetensors", "llasa.json", "config.json"} <= hub.repos["me/x"].files.keys()
        assert hub.repos["me/x"].files["README.md"] == (out / "README.md").read_bytes()
    printed = capsys.readouterr()
    shown = json.loads(printed.out)
    assert shown["merged"]["folder"] == str(out)
    assert shown["merged"]["dtype"] == "float32"
    assert shown["hub"]["public"] is True
    assert shown["onnx"] is None
    assert printed.err.splitlines() == [f"merging {with_adapter}", f"pushing {out} to me/x"]
    assert TOKEN not in printed.out + printed.err


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        ([], "nothing is asked for\n  where: llasa export\n  fix:   pass `--merge`, `--onnx` or `--to-hub OWNER/NAME`"),
        (["--merge"], "`--merge` does not know where to write\n  where: llasa export\n  fix:   pass `--to FOLDER`"),
        (["--onnx"], "`--onnx` does not know where to write\n  where: llasa export\n  fix:   pass `--to FOLDER`"),
        (
            ["--to", "x", "--to-hub", "a/b"],
            "`--to` goes with `--merge` or `--onnx`\n  where: llasa export\n  fix:   pass one of them, or leave it out",
        ),
        (
            ["--merge", "--to", "x", "--public"],
            (
                "`--public` goes with `--to-hub`\n"
                "  where: llasa export\n"
                "  fix:   pass `--to-hub OWNER/NAME`, or leave it out"
            ),
        ),
    ],
)
def test_flags_that_do_not_go_together_are_errors(
    flags: list[str], error: str, with_adapter: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["export", str(with_adapter), *flags]) == 2

    assert capsys.readouterr().err == f"error: {error}\n"


def test_a_checkpoint_that_is_not_there_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["export", str(tmp_path / "no"), "--to-hub", "a/b"]) == 2

    assert capsys.readouterr().err == (
        "error: there is no recipe and no checkpoint here\n"
        f"  where: {tmp_path / 'no'}\n"
        "  fix:   name a checkpoint folder, or a recipe such as `recipes/smol.yaml`\n"
    )


def test_a_push_without_a_token_fails_before_anything_is_merged(
    with_adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv("HF_TOKEN", raising=False)

    assert main(["export", str(with_adapter), "--merge", "--to", str(tmp_path / "m"), "--to-hub", "a/b"]) == 2

    assert "HF_TOKEN is not set" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
