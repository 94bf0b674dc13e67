"""The one training loop."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from llasa_core.errors import InterruptedRun, RunError
from llasa_core.files import write_json
from llasa_core.train.log import StepRow, TrainingLog
from llasa_core.train.state import state_bytes, write_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from llasa_core.train.engine import Engine
    from llasa_core.train.run import Run
    from llasa_core.train.stages import Stage

STEPS_REMEMBERED = 50
"""For the time that is left."""
SAMPLES_NAMED = 8
"""Of a step that went wrong; all of them are in `bad-step.json`."""
SMALL_FILES_BYTES = 10**6
"""What a state needs beside its tensors, and a log until the next."""


@dataclass(frozen=True)
class Progress(StepRow):
    """What a run tells after each step."""

    n_steps: int
    unit: str
    """What `items_per_s` counts."""
    seconds_left: float
    memory_gb: float
    """Most memory that this rank's device held for it so far; without a GPU, that this process held."""
    mfu: float | None
    """Share of the machine's measured matmul ceiling; None where `llasa doctor --bench` has not measured it."""


@dataclass
class _Interval:
    """Steps whose numbers are still on the device: asking for them would make the host wait."""

    started: float = field(default_factory=time.perf_counter)
    steps: list[int] = field(default_factory=list)
    losses: list[torch.Tensor] = field(default_factory=list)
    norms: list[torch.Tensor] = field(default_factory=list)


def train(
    stage: Stage,
    engine: Engine,
    run: Run,
    seed: int,
    tell: Callable[[Progress], None],
    *,
    first_step: int = 0,
    flops_limit: float | None = None,
) -> None:
    """Run a stage from a step on to its end and write its result.

    The loss of a step is the sum over its items divided by their number on all ranks, so neither the number of ranks
    nor the packs change it. Every random choice is a function of (seed, step, rank).

    Args:
        stage: what is trained, on what.
        engine: with the state after `first_step` steps.
        run: where states, log and result go.
        seed: of the recipe.
        tell: told of each step, on rank 0.
        first_step: steps that are done.
        flops_limit: FLOP/s that this rank's device can do at best, as measured; for `Progress.mfu`.

    Raises:
        RunError: the loss or the gradient is no number, or the disk is full.
        InterruptedRun: asked to stop; a state is saved.
    """
    if engine.rank == 0:
        run.say_length(stage.n_steps)
    reporter = _Reporter(stage, engine, run, tell, flops_limit, first_step)
    interval = _Interval()

    def save(steps_done: int) -> None:
        size = state_bytes(stage.model) + SMALL_FILES_BYTES
        run.save_state(
            steps_done,
            engine,
            lambda folder: write_state(folder, stage.model, engine),
            size=size,
            keep=stage.keep_states,
        )

    with reporter, _asked_to_stop() as is_asked, _prepared(stage, engine, first_step) as prepared:
        for step, parts in prepared:
            torch.manual_seed(seed_of(seed, step, engine.rank))
            loss = _forward_backward(stage, engine, parts, stage.n_items(step))
            interval.steps.append(step)
            interval.losses.append(loss)
            interval.norms.append(engine.step(stage.factor(step)).detach())
            is_last = step + 1 == stage.n_steps
            is_due = (step + 1) % stage.save_every == 0
            if engine.device.type == "cuda" and not (is_last or is_due or (step + 1) % stage.log_every == 0):
                continue
            wishes = _look(engine, interval, stage, run, is_asked=is_asked(), reporter=reporter)
            if not is_last and (is_due or wishes.save or wishes.stop):
                save(step + 1)
            interval = _Interval()
            if wishes.stop and not is_last:
                raise InterruptedRun(
                    f"stopped after step {step + 1} of {stage.n_steps}; nothing is lost",
                    where=run.folder,
                    fix="the same command goes on from there",
                )
    tensors = stage.result_tensors(engine)
    if engine.rank == 0:
        stage.save_result(run.checkpoint, tensors)
        run.finish()


def _forward_backward(stage: Stage, engine: Engine, parts: list[Any], n_items: int) -> torch.Tensor:
    """Add up a step's gradients on this rank; return its share of the loss, on the device."""
    total = torch.zeros((), device=engine.device)
    for i, part in enumerate(parts):
        loss = stage.loss(part, engine).total / n_items
        engine.backward(loss, is_last=i == len(parts) - 1)
        total += loss.detach()
    return total


@dataclass(frozen=True)
class _Wishes:
    save: bool
    stop: bool


def _look(
    engine: Engine, interval: _Interval, stage: Stage, run: Run, *, is_asked: bool, reporter: _Reporter
) -> _Wishes:
    """Bring an interval's numbers to the host, and what anybody wants; all ranks see the same."""
    is_first = engine.rank == 0
    wishes = [
        float(is_first and run.save_trigger.exists()),
        float(is_asked or (is_first and run.stop_trigger.exists())),
    ]
    mine = torch.stack([*interval.losses, *(torch.tensor(wish, device=engine.device) for wish in wishes)])
    *losses, saves, stops = engine.sum_over_ranks(mine).tolist()
    norms = torch.stack(interval.norms).tolist()
    _check(losses, norms, interval.steps, stage, engine, run.folder)
    reporter.report(interval.steps, losses, norms, time.perf_counter() - interval.started)
    if is_first:
        for trigger, wish in ((run.save_trigger, saves), (run.stop_trigger, stops)):
            if wish:
                trigger.unlink(missing_ok=True)
    return _Wishes(saves > 0, stops > 0)


def _check(
    losses: list[float], norms: list[float], steps: list[int], stage: Stage, engine: Engine, folder: Path
) -> None:
    """Stop at the first loss or gradient that is no number; a float16 run has skipped those that overflowed."""
    for step, loss, norm in zip(steps, losses, norms, strict=True):
        is_fine = math.isfinite(norm) and norm >= 0  # ZeRO says -1 where it found no number
        if math.isfinite(loss) and (is_fine or engine.scale is not None):
            continue
        names = stage.names_of(step)
        file = folder / "bad-step.json"
        if engine.rank == 0:
            write_json(file, {"step": step + 1, "loss": str(loss), "grad_norm": str(norm), "samples": names})
        what = (
            f"loss of step {step + 1} is {loss}"
            if not math.isfinite(loss)
            else f"gradient of step {step + 1} is {norm}"
        )
        more = f" and {len(names) - SAMPLES_NAMED} more" if len(names) > SAMPLES_NAMED else ""
        raise RunError(
            f"the {what}; in the step were {', '.join(names[:SAMPLES_NAMED])}{more}",
            where=file,
            fix="lower the learning rate, or look at these samples; the last state before this step is kept",
        )


class _Reporter:
    """Writes the log and tells of progress, on rank 0."""

    def __init__(
        self,
        stage: Stage,
        engine: Engine,
        run: Run,
        tell: Callable[[Progress], None],
        flops_limit: float | None,
        first_step: int,
    ) -> None:
        self._stage = stage
        self._engine = engine
        self._tell = tell
        self._flops_limit = flops_limit
        self._log = TrainingLog(run.folder, first_step) if engine.rank == 0 else None
        self._seconds: deque[float] = deque(maxlen=STEPS_REMEMBERED)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_error: object) -> None:
        with closing(self._log) if self._log else nullcontext():
            pass

    def report(self, steps: list[int], losses: list[float], norms: list[float], seconds: float) -> None:
        """Tell of steps that took `seconds` together."""
        if self._log is None:
            return
        stage, each = self._stage, seconds / len(steps)
        for step, loss, norm in zip(steps, losses, norms, strict=True):
            rate = stage.factor(step) * stage.optimizer.groups[0].learning_rate
            tokens_per_s = stage.n_tokens(step) / each
            row = StepRow(step + 1, loss, rate, norm, stage.n_items(step) / each, tokens_per_s, each)
            self._log.add(row)
            self._seconds.append(each)
            left = (stage.n_steps - step - 1) * sum(self._seconds) / len(self._seconds)
            self._tell(
                Progress(
                    **asdict(row),
                    n_steps=stage.n_steps,
                    unit=stage.unit,
                    seconds_left=left,
                    memory_gb=peak_memory_bytes(self._engine.device) / 1e9,
                    mfu=self._mfu(tokens_per_s),
                )
            )

    def _mfu(self, tokens_per_s: float) -> float | None:
        if not self._flops_limit or not self._stage.flops_per_token:
            return None
        return tokens_per_s * self._stage.flops_per_token / (self._flops_limit * self._engine.world_size)


def peak_memory_bytes(device: torch.device) -> int:
    """Return the most memory that was held at once: on the GPU, or by this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return 0  # has no such count
    import resource  # noqa: PLC0415 - not on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


@contextmanager
def _prepared(stage: Stage, engine: Engine, first_step: int) -> Iterator[Iterator[tuple[int, list[Any]]]]:
    """Yield each step with its packs, which are made one step ahead in a thread."""

    def make(step: int) -> list[Any]:
        parts = stage.parts(step, engine.rank, engine.world_size)
        return [part.pinned() for part in parts] if engine.device.type == "cuda" else parts

    def steps() -> Iterator[tuple[int, list[Any]]]:
        ahead = maker.submit(make, first_step) if first_step < stage.n_steps else None
        for step in range(first_step, stage.n_steps):
            assert ahead is not None  # noqa: S101 - there is one until the last step
            parts = ahead.result()
            ahead = maker.submit(make, step + 1) if step + 1 < stage.n_steps else None
            yield step, parts

    with ThreadPoolExecutor(1, "packs") as maker:
        try:
            yield steps()
        finally:
            maker.shutdown(wait=True, cancel_futures=True)


def seed_of(*parts: int) -> int:
    """Mix numbers to one seed."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)


@contextmanager
def _asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Catch the first Ctrl-C or SIGTERM, so that the step at hand ends and its state is saved; a second one kills.

    Not in a launched rank: its command asks by the file `stop`, and whoever signals a rank itself wants it gone.
    """
    asked = threading.Event()
    before: dict[int, Any] = {}

    def ask(number: int, _frame: object) -> None:
        asked.set()
        signal.signal(number, before[number])

    if threading.current_thread() is threading.main_thread() and "LOCAL_RANK" not in os.environ:
        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
