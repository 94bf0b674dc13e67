from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from llasa_core.errors import RunError, UsageError
from llasa_core.export import onnx as exporting
from llasa_core.export.onnx import export_onnx
from llasa_core.export.packages import check_packages
from llasa_core.export.source import find_source
from llasa_core.model.checkpoint import load_checkpoint
from llasa_core.model.motion_features import motion_of

if TYPE_CHECKING:
    from llasa_core.export.onnx import OnnxFile


@pytest.fixture(scope="module")
def written(with_adapter: Path, tmp_path_factory: pytest.TempPathFactory) -> OnnxFile:
    return export_onnx(find_source(with_adapter, Path("runs")), tmp_path_factory.mktemp("onnx") / "out")


def differences(file: Path, checkpoint: Path) -> list[float]:
    """Return by how much onnxruntime differs from the loaded model, for one window and for five."""
    model = load_checkpoint(checkpoint, device="cpu")
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    found = []
    for n in (1, 5):
        windows = np.random.default_rng(n).normal(0, 5, (n, 120, 6)).astype(np.float32)
        inputs = {"windows": windows}
        if model.config.motion:
            inputs["motion"] = motion_of(windows, 20.0).features
        (tokens,) = session.run(["sensor_tokens"], inputs)
        with torch.inference_mode():
            wanted = model.sensor_tokens(torch.from_numpy(windows)).numpy()
        assert tokens.shape == wanted.shape == (n, 24, 64)
        found.append(float(np.abs(tokens - wanted).max()))
    return found


def test_onnxruntime_gives_the_same_sensor_tokens_for_any_number_of_windows(written: OnnxFile, with_adapter: Path):
    assert max(differences(written.file, with_adapter)) <= 1e-4  # statistics, and two linear layers
    assert 0 <= written.max_abs_diff <= 1e-4


def test_a_linear_projector_without_statistics_is_exported_too(with_whole_lm: Path, tmp_path: Path):
    written = export_onnx(find_source(with_whole_lm, tmp_path), tmp_path)

    assert max(differences(written.file, with_whole_lm)) <= 1e-4


def test_what_numpy_computes_of_the_windows_is_a_second_input(with_motion: Path, tmp_path: Path):
    written = export_onnx(find_source(with_motion, tmp_path), tmp_path)

    assert max(differences(written.file, with_motion)) <= 1e-4
    assert "motion float32 [N, 250]" in str(written)


def test_the_file_says_what_it_takes(written: OnnxFile):
    file = onnx.load(written.file)

    onnx.checker.check_model(file)
    assert [each.version for each in file.opset_import if each.domain in {"", "ai.onnx"}] == [18]
    about = json.loads({each.key: each.value for each in file.metadata_props}["llasa"])
    assert about == {
        "channels": ["acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z"],
        "units": {"acc": "m/s^2, with gravity", "gyr": "rad/s"},
        "sampling_rate_hz": 20.0,
        "window_s": 6.0,
        "base_lm": "tiny-random",
        "activities": ["walking", "sitting", "lying"],
    }
    assert str(written).splitlines()[1] == "  windows float32 [N, 120, 6] -> sensor_tokens float32 [N, 24, 64]"


def test_a_file_that_computes_something_else_does_not_appear(
    written: OnnxFile, with_whole_lm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def of_another_checkpoint(_bridge: object, _example: object, file: Path, _about: object) -> None:
        shutil.copy(written.file, file)

    monkeypatch.setattr(exporting, "_write", of_another_checkpoint)

    with pytest.raises(RunError) as raised:
        export_onnx(find_source(with_whole_lm, tmp_path), tmp_path / "out")

    lines = str(raised.value).splitlines()
    by = re.fullmatch(r"onnxruntime's sensor tokens differ from torch's by (\S+), more than 1e-04: (.+)", lines[0])
    assert by is not None
    assert float(by[1]) > 0.01
    assert by[2] == "the file was not written"
    assert lines[1:] == [
        f"  where: {tmp_path / 'out' / 'sensor_tokens.onnx'}",
        "  fix:   try other versions of onnxruntime and torch, and report this with the checkpoint's config.json",
    ]
    assert list((tmp_path / "out").iterdir()) == []


def test_missing_packages_are_named_before_anything_is_done():
    with pytest.raises(UsageError) as raised:
        check_packages(lambda name: None if name.startswith("onnxr") else name)

    assert str(raised.value) == (
        "`--onnx` needs packages that are not installed: onnxruntime\n"
        "  where: llasa export\n"
        "  fix:   pip install 'llasa[onnx]'"
    )
