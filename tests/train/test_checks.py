"""What would spoil a run is refused before its first step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from llasa_core.errors import LlasaError
from llasa_core.train.checks import check_samples, check_windows, context_of

QA = Path("D/qa-train.json")


def manifest(rate: float = 20.0, seconds: float = 6.0) -> dict[str, Any]:
    """Return what matters here of a data folder's manifest."""
    return {"settings": {"windows": {"sampling_rate_hz": rate, "window_s": seconds}}}


def test_samples_that_fit_pass():
    check_samples([10, 20], [1, 2], ["a", "b"], 20, 20)
    check_samples([10, 20], [1, 2], ["a", "b"], 20, None)
    check_samples([], [], [], 20, 20)


@pytest.mark.parametrize(
    ("lengths", "learned", "budget", "context", "message"),
    [
        (
            [10, 21, 30],
            [1, 1, 1],
            20,
            None,
            (
                "2 samples are longer than the 20 tokens of a pack: b (21), c (30)\n"
                "  where: D/qa-train.json\n"
                "  fix:   set `pretrain.micro_batch_tokens` to 30 or more; a sample is never cut"
            ),
        ),
        (
            [10, 20, 1030],
            [1, 1, 1],
            2000,
            1024,
            (
                "1 sample is longer than the base LM's 1,024 tokens: c (1,030)\n"
                "  where: D/qa-train.json\n"
                "  fix:   lower `model.sensor_tokens`, leave these samples out, or name an LM with a longer context"
            ),
        ),
        (
            [10, 20, 30],
            [1, 0, 0],
            100,
            100,
            (
                "2 samples with no token to learn: b (20), c (30)\n"
                "  where: D/qa-train.json\n"
                "  fix:   give these samples an answer, or leave them out"
            ),
        ),
        (
            [30, 1, 1],
            [1, 1, 0],
            20,
            100,
            (
                "1 sample is longer than the 20 tokens of a pack: a (30)\n"
                "  where: D/qa-train.json\n"
                "  fix:   set `pretrain.micro_batch_tokens` to 30 or more; a sample is never cut\n"
                "1 sample with no token to learn: c (1)\n"
                "  where: D/qa-train.json\n"
                "  fix:   give these samples an answer, or leave them out"
            ),
        ),
    ],
)
def test_samples_that_cannot_be_learned_are_named(
    lengths: list[int], learned: list[int], budget: int, context: int | None, message: str
):
    with pytest.raises(LlasaError) as caught:
        check_samples(lengths, learned, ["a", "b", "c"], budget, context, stage="pretrain", where=QA)

    assert caught.value.exit_code == 2
    assert str(caught.value) == message


def test_of_many_samples_the_first_are_named():
    with pytest.raises(LlasaError) as caught:
        check_samples([50] * 1200, [1] * 1200, [f"s{i}" for i in range(1200)], 20, None)

    assert caught.value.message == (
        "1,200 samples are longer than the 20 tokens of a pack: s0 (50), s1 (50), s2 (50) and 1,197 more"
    )


def test_the_context_is_stretched_where_the_lm_says_so():
    assert context_of({"max_position_embeddings": 4096}) == 4096
    assert context_of({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": 4.0}}) == 16384
    scaled = {"max_position_embeddings": 131072, "rope_scaling": {"rope_type": "llama3", "factor": 8.0}}
    assert context_of(scaled) == 131072
    assert context_of({}) is None


def checkpoint(folder: Path, text: str) -> Path:
    """Write a folder with a `config.json`."""
    folder.mkdir()
    (folder / "config.json").write_text(text)
    return folder


def test_windows_like_the_source_s_pass(tmp_path: Path):
    source = checkpoint(tmp_path / "c", json.dumps({"sampling_rate_hz": 50, "window_s": 2}))

    check_windows(manifest(50, 2), source, Path("D"))
    check_windows(manifest(50, 2), source / "encoder.safetensors", Path("D"))
    check_windows(manifest(50, 2), tmp_path / "not-there", Path("D"))
    check_windows(manifest(20, 2), Path("uci.pt"), Path("D"))


@pytest.mark.parametrize(
    ("rate", "seconds", "source", "message"),
    [
        (
            50.0,
            6.0,
            "c",
            (
                "the windows are sampled at 50 Hz, the encoder was trained at 20 Hz\n"
                "  where: D\n"
                "  fix:   prepare the data with `--rate 20`, or train an encoder on this data"
            ),
        ),
        (
            20.0,
            2.5,
            "c",
            (
                "the windows last 2.5 s, c was trained on 6 s\n"
                "  where: D\n"
                "  fix:   prepare the data with `--window 6s`, or train anew on this data with `--fresh`"
            ),
        ),
        (
            25.0,
            6.0,
            "uci.pt",
            (
                "the windows are sampled at 25 Hz, the encoder was trained at 20 Hz\n"
                "  where: D\n"
                "  fix:   prepare the data with `--rate 20`, or train an encoder on this data"
            ),
        ),
    ],
)
def test_windows_of_another_rate_or_length_are_refused(
    rate: float, seconds: float, source: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    checkpoint(Path("c"), json.dumps({"sampling_rate_hz": 20, "window_s": 6}))

    with pytest.raises(LlasaError) as caught:
        check_windows(manifest(rate, seconds), Path(source), Path("D"))

    assert caught.value.exit_code == 2
    assert str(caught.value) == message


@pytest.mark.parametrize(("text", "reason"), [("{", "JSONDecodeError"), ("{}", "KeyError"), ("[]", "TypeError")])
def test_a_source_that_does_not_say_what_it_was_trained_on_is_refused(
    text: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    checkpoint(Path("c"), text)

    with pytest.raises(LlasaError) as caught:
        check_windows(manifest(), Path("c"), Path("D"))

    assert caught.value.exit_code == 2
    assert str(caught.value) == (
        f"the checkpoint's config.json does not say what it was trained on: {reason}\n"
        f"  where: {Path('c/config.json')}\n"
        "  fix:   run `llasa pretrain` with `--fresh`"
    )
