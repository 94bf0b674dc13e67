"""The one training loop."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections import deque
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from llasa_core.errors import InterruptedRun, RunError
from llasa_core.train.log import StepRow, TrainingLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llasa_core.train.engine import Engine
    from llasa_core.train.run import Run
    from llasa_core.train.stages import Stage

STEPS_REMEMBERED = 50
"""For the time that is left."""


@dataclass(frozen=True)
class Progress(StepRow):
    """What a run tells after each step."""

    n_steps: int
    unit: str
    """What `items_per_s` counts."""
    seconds_left: float


def train(stage: Stage, engine: Engine, run: Run, seed: int, tell: Callable[[Progress], None]) -> None:
    """Run a stage to its end, from the last state if there is one, and write its result.

    The loss of a step is the sum over its items divided by their number on all ranks, so neither the number of ranks
    nor the micro-batches change it. Every random choice is a function of (seed, step).

    Raises:
        RunError: the loss is no number.
        InterruptedRun: asked to stop; a state is saved.
    """
    first_step = _resume(engine, run)
    log = TrainingLog(run.folder, first_step) if engine.rank == 0 else None
    speed: deque[float] = deque(maxlen=STEPS_REMEMBERED)
    with closing(log) if log else nullcontext(), _asked_to_stop() as is_asked:
        for step in range(first_step, stage.n_steps):
            started = time.perf_counter()
            torch.manual_seed(seed_of(seed, step, engine.rank))
            n_items = stage.n_items(step)
            parts = stage.parts(step, engine.rank, engine.world_size)
            total = torch.zeros((), device=engine.device)
            for i, part in enumerate(parts):
                loss = stage.loss(part, engine.device)
                engine.backward(loss.total / n_items, is_last=i == len(parts) - 1)
                total += loss.total.detach() / n_items
            mean, stops = engine.sum_over_ranks(torch.stack([total, total.new_tensor(float(is_asked()))])).tolist()
            _check(mean, step)
            grad_norm = engine.step(stage.factor(step))
            seconds = time.perf_counter() - started
            if log:
                learning_rate = stage.factor(step) * stage.optimizer.groups[0].learning_rate
                row = StepRow(step + 1, mean, learning_rate, grad_norm, n_items / seconds, seconds)
                log.add(row)
                speed.append(seconds)
                left = (stage.n_steps - step - 1) * sum(speed) / len(speed)
                tell(Progress(**asdict(row), n_steps=stage.n_steps, unit=stage.unit, seconds_left=left))
            is_last = step + 1 == stage.n_steps
            if stops and not is_last:
                run.save_state(step + 1, engine)
                raise InterruptedRun(
                    f"stopped after step {step + 1} of {stage.n_steps}; nothing is lost",
                    where=run.folder,
                    fix="the same command goes on from there",
                )
            if (step + 1) % stage.save_every == 0 and not is_last:
                run.save_state(step + 1, engine)
    if engine.rank == 0:
        stage.save_result(run.checkpoint)
        run.finish()


def seed_of(*parts: int) -> int:
    """Mix numbers to one seed."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)


def _resume(engine: Engine, run: Run) -> int:
    states = run.states()
    if not states:
        return 0
    step, folder = states[-1]
    engine.load(folder)
    return step


def _check(loss: float, step: int) -> None:
    if not math.isfinite(loss):
        raise RunError(
            f"the loss of step {step + 1} is {loss}",
            fix="lower the learning rate; the last state before this step is kept",
        )


@contextmanager
def _asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Catch the first Ctrl-C or SIGTERM, so that the step at hand ends and its state is saved; a second one kills."""
    asked = threading.Event()
    before: dict[int, Any] = {}

    def ask(number: int, _frame: object) -> None:
        asked.set()
        signal.signal(number, before[number])

    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
