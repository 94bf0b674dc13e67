from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.network
@pytest.mark.skipif(
    "LLASA_REAL_SERVER" not in os.environ, reason="a minute of processor time: LLASA_REAL_SERVER=1 runs it"
)
def test_a_real_server_with_the_embedded_model_leaves_each_window_with_an_answer_or_a_reason():
    for needed in ("fastapi", "uvicorn"):
        pytest.importorskip(needed, reason="`transformers serve` needs transformers[serving]")

    command = [sys.executable, "benchmarks/llm_written.py", "--windows", "1", "--max-tokens", "16"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)

    report = json.loads(done.stdout)
    assert report["first"]["with_items"] + report["first"]["named"] == 1
    assert report["first"]["requests"] == 2
    assert report["again"]["requests"] == 0
    assert report["again"]["items"] == report["first"]["items"]
