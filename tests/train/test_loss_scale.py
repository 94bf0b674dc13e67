"""Float16 trains with a scaled loss: what overflows is skipped, and the scale follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from llasa_core.errors import InterruptedRun, RunError
from llasa_core.train.loss_scale import GROWS_AFTER, LEAST, LossScale

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.train.loop import Progress

FINE, OVERFLOW = torch.tensor(1.5), torch.tensor(float("inf"))


def test_the_scale_is_halved_at_each_overflow_and_doubled_after_many_steps_without_one():
    scale = LossScale(factor=8.0)

    assert not scale.saw(OVERFLOW)
    assert not scale.saw(torch.tensor(float("nan")))
    assert scale == LossScale(2.0, 0)
    for _ in range(GROWS_AFTER - 1):
        assert scale.saw(FINE)
    assert scale == LossScale(2.0, GROWS_AFTER - 1)
    assert scale.saw(FINE)
    assert scale == LossScale(4.0, 0)


def test_an_overflow_begins_the_count_anew():
    scale = LossScale(factor=8.0, steps_without_overflow=GROWS_AFTER - 1)

    scale.saw(OVERFLOW)

    assert scale == LossScale(4.0, 0)


def test_what_overflows_at_any_scale_is_said():
    scale = LossScale(factor=2 * LEAST)
    assert not scale.saw(OVERFLOW)

    with pytest.raises(RunError) as caught:
        scale.saw(OVERFLOW)

    assert str(caught.value) == (
        "the gradient overflows float16 whatever the loss is scaled by\n"
        "  fix:   set `model.dtype: bfloat16`, or lower the learning rate"
    )


FLOAT16 = ("model.dtype=float16", "finetune.save_every=100")


def overflow_at(part: Any, backwards: int) -> None:
    """Let a gradient overflow in one backward pass of a run, each of whose steps is one pack."""
    seen = 0

    def spoil(gradient: torch.Tensor) -> torch.Tensor:
        nonlocal seen
        seen += 1
        return gradient * float("inf") if seen == backwards else gradient

    next(part.stage.model.projector.parameters()).register_hook(spoil)


def test_float16_learns_in_float32_weights(part: Callable[..., Any]):
    half, whole = part("half", *FLOAT16), part("whole", "model.dtype=float32")

    rough, exact = half.train(), whole.train()

    assert {weight.dtype for weight in half.weights.values()} == {torch.float32}
    assert half.stage.model.lm.model.layers[0].mlp.up_proj.base_layer.weight.dtype == torch.float16
    assert rough[-1] < rough[0]
    assert rough == pytest.approx(exact, abs=0.01)  # float16 rounds to three digits
    assert rough != exact
    assert half.engine.scale == LossScale(2.0**16, 6)


def test_a_step_that_overflows_changes_no_weight_and_halves_the_scale(part: Callable[..., Any]):
    run = part("run", *FLOAT16)
    overflow_at(run, 2)
    seen = []

    def look(_progress: Progress) -> None:
        seen.append((run.weights, run.engine.scale.factor))

    run.train(look)

    (first, before), (second, after), (third, later) = seen[:3]
    assert [before, after, later] == [2.0**16, 2.0**15, 2.0**15]
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not any(torch.equal(second[name], third[name]) for name in first)
    assert run.engine.updates == 5


def test_a_resumed_float16_run_keeps_its_scale_and_ends_with_the_same_bits(part: Callable[..., Any]):
    whole, stopped = part("whole", *FLOAT16), part("stopped", *FLOAT16)
    for run in (whole, stopped):
        overflow_at(run, 2)

    def stop(progress: Progress) -> None:
        if progress.step == 1:
            stopped.run.stop_trigger.touch()

    whole.train()
    with pytest.raises(InterruptedRun):
        stopped.train(stop)
    resumed = part("stopped", *FLOAT16)
    assert resumed.first_step == 2
    assert resumed.engine.scale == LossScale(2.0**15, 0)
    resumed.train()

    assert resumed.engine.scale == whole.engine.scale
    assert all(torch.equal(weight, whole.weights[name]) for name, weight in resumed.weights.items())


def test_a_state_of_float16_before_its_first_update_can_be_gone_on_from(part: Callable[..., Any]):
    fresh, stopped = part("fresh", *FLOAT16), part("stopped", *FLOAT16)
    overflow_at(stopped, 1)
    stopped.run.stop_trigger.touch()
    with pytest.raises(InterruptedRun):
        stopped.train()

    resumed = part("stopped", *FLOAT16)

    assert (resumed.first_step, resumed.engine.updates) == (1, 0)
    assert all(torch.equal(weight, fresh.weights[name]) for name, weight in resumed.weights.items())
    assert len(resumed.train()) == 5
