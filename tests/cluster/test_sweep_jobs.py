"""A sweep as jobs of a real Slurm of one node."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llasa_cli.app import main

pytestmark = pytest.mark.cluster
TINY = Path(__file__).parents[2] / "recipes" / "tiny.yaml"


@pytest.mark.usefixtures("slurm")
def test_each_trial_is_a_job_and_a_failing_one_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    command = ["sweep", str(TINY), "--grid", "finetune.learning_rate=2e-3,1e30", "--slurm", "--json"]

    assert main([*command, "--no-follow"]) == 0
    jobs = json.loads(capsys.readouterr().out)["jobs"]
    assert main(command) == 1
    shown = capsys.readouterr()

    assert list(jobs) == ["encoder", "pretrain", "finetune.learning_rate=0.002", "finetune.learning_rate=1e+30"]
    done, failed = json.loads(shown.out)["trials"]
    assert (done["state"], done["steps"]) == ("done", 6)
    assert failed["error"]["error"].startswith("the loss of step ")
    assert json.loads(shown.err.splitlines()[-1])["error"] == "1 of 2 trials failed"
    assert f"finetune.learning_rate=0.002: job {jobs['finetune.learning_rate=0.002']}" in shown.err
