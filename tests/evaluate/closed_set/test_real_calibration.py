from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.build import PrepareSettings
from llasa_core.data.prepare import prepare
from llasa_core.data.store import WindowStore
from llasa_core.eval_settings import EvalConfig
from llasa_core.evaluate.closed_set.temperature import Reliability, fit_temperature
from llasa_core.evaluate.closed_set.work import ClosedSetWork
from llasa_core.evaluate.exam import Exam
from llasa_core.evaluate.models import Models
from llasa_core.model.checkpoint import read_checkpoint_config
from llasa_core.model.shipped import shipped

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.network
@pytest.mark.shared
def test_temperature_scaling_lowers_the_error_on_real_people_that_it_was_not_fitted_on(shared: Path, tmp_path: Path):
    """Fit the shipped checkpoint's temperature on all validation people of HAPT but one, and measure it on that one."""
    prepare([shared / "data" / "HAPT_RawData.zip"], tmp_path / "hapt", PrepareSettings(qa="none"))
    checkpoint = shipped("smol")
    assert checkpoint is not None
    store = WindowStore(tmp_path / "hapt")
    exam = Exam("smol", store, read_checkpoint_config(checkpoint), EvalConfig(split="val"), seed=7)
    work, people = ClosedSetWork.of(exam), exam.windows.subject
    scores = np.array(work.scores.work(Models(checkpoint, device="cpu"), range(len(exam.windows))))[:, 0]

    errors = []
    for person in np.unique(people):
        is_out = people == person
        temperature = fit_temperature(scores[~is_out], exam.windows.truth[~is_out])
        out, truth = scores[is_out], exam.windows.truth[is_out]
        errors.append([Reliability.of(out, truth, each).ece for each in (1.0, temperature)])

    before, after = np.mean(errors, axis=0)
    assert len(errors) == 4
    assert after < before
