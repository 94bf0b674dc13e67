from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from llasa_core.errors import ModelError, UsageError
from llasa_core.inspect.checkpoint import is_checkpoint, look_at_checkpoint
from llasa_core.inspect.looked import Paper

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def checkpoint(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """Return a copy that may be damaged."""
    shutil.copytree(tiny_checkpoint, tmp_path / "checkpoint")
    return tmp_path / "checkpoint"


def test_a_checkpoint_says_what_it_is_made_of(checkpoint: Path):
    found = look_at_checkpoint(checkpoint)

    shown = found.as_dict()
    assert is_checkpoint(checkpoint)
    assert shown["activities"] == ["walking", "sitting", "lying"]
    assert shown["base_lm"]["name"] == "tiny-random"
    assert shown["weights"]["encoder.safetensors"]["parameters"] == 57_390  # LIMU-BERT without its decoder
    assert found.refusals == ()
    assert found.as_text(Paper()).splitlines()[1:12] == [
        "  base LM    tiny-random (llama), not in this folder",
        "  encoder    LIMU-BERT, hidden 72, one block run 4 times, 4 heads",
        "  projector  mlp2x_gelu, 24 sensor tokens a window",
        "  adapter    none",
        "  template   chat",
        "  windows    6 s at 20 Hz",
        "  activities walking, sitting, lying",
        "  calibrated none; `llasa eval` fits one",
        "  light head none; the LM names every window",
        "  recipe     recipe.yaml is how it was made",
        "",
    ]


def test_a_missing_file_is_told_after_the_rest(checkpoint: Path):
    (checkpoint / "projector.safetensors").unlink()

    (refusal,) = look_at_checkpoint(checkpoint).refusals
    assert str(refusal) == (
        "the checkpoint lacks projector.safetensors\n"
        f"  where: {checkpoint}\n"
        "  fix:   copy the checkpoint again, with all its files"
    )


def test_a_file_that_was_cut_off_is_an_error(checkpoint: Path):
    path = checkpoint / "projector.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-10])

    with pytest.raises(ModelError) as caught:
        look_at_checkpoint(checkpoint)
    assert str(caught.value) == (
        f"the file has {len(content) - 10:,} bytes, its header says {len(content):,}\n"
        f"  where: {path}\n"
        "  fix:   copy the checkpoint again, with all its files"
    )


@pytest.mark.parametrize("content", [b"", b"\xff" * 20, b"\x02\0\0\0\0\0\0\0[]"])
def test_what_is_no_safetensors_is_an_error(content: bytes, checkpoint: Path):
    path = checkpoint / "encoder.safetensors"
    path.write_bytes(content)

    with pytest.raises(ModelError) as caught:
        look_at_checkpoint(checkpoint)
    assert str(caught.value) == (
        "the file holds no weights: its header is damaged\n"
        f"  where: {path}\n"
        "  fix:   copy the checkpoint again, with all its files"
    )


def test_a_config_of_another_tool_is_an_error(checkpoint: Path):
    path = checkpoint / "config.json"
    path.write_text(json.dumps({"model_type": "llama"}))

    with pytest.raises(ModelError) as caught:
        look_at_checkpoint(checkpoint)
    assert str(caught.value) == (
        "the checkpoint's config.json cannot be read: it has no 'base_lm'\n"
        f"  where: {path}\n"
        "  fix:   copy the checkpoint again; a config.json of another tool is not a LLaSA checkpoint"
    )


def test_a_checkpoint_has_no_picture(checkpoint: Path, tmp_path: Path):
    with pytest.raises(UsageError) as caught:
        look_at_checkpoint(checkpoint).draw(tmp_path / "figure.png")
    assert str(caught.value) == (
        f"--png {tmp_path / 'figure.png'}: a checkpoint has no picture\n"
        f"  where: {checkpoint}\n"
        "  fix:   leave out `--png`"
    )


def test_looking_needs_no_torch(checkpoint: Path):
    code = (
        "import sys; from pathlib import Path; from llasa_core.inspect.checkpoint import look_at_checkpoint; "
        f"look_at_checkpoint(Path({str(checkpoint)!r})); print('torch' in sys.modules)"
    )

    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
