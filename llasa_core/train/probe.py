"""A rehearsal of what may fail late: the fullest pack, a full batch of scoring, and a save, before the first step."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.channels import CHANNELS
from llasa_core.data.qa import SENSOR, Turn
from llasa_core.files import remove
from llasa_core.model.collate import Sample
from llasa_core.model.score import POSITIONS_PER_FORWARD, positions_of, score_choices
from llasa_core.train.loop import peak_memory_bytes
from llasa_core.train.state import state_bytes, write_state

if TYPE_CHECKING:
    from llasa_core.model.multimodal import LlasaModel
    from llasa_core.train.engine import Engine
    from llasa_core.train.language_stage import LanguageStage
    from llasa_core.train.run import Run


@dataclass(frozen=True)
class Probe:
    """What the rehearsal took on this rank."""

    pack_tokens: int
    pack_s: float
    """Forward, backward and update of the fullest pack; the first of a process, so slower than those to come."""
    scored_windows: int
    score_s: float
    state_bytes: int
    save_s: float
    memory_gb: float
    """Most memory that was held."""

    def __str__(self) -> str:
        return (
            f"probe     a pack of {self.pack_tokens:,} tokens in {self.pack_s:.1f} s, "
            f"{self.scored_windows} windows scored in {self.score_s:.1f} s, "
            f"a state of {self.state_bytes / 1e6:,.1f} MB saved in {self.save_s:.1f} s; "
            f"at most {self.memory_gb:.2f} GB of memory"
        )


def probe(stage: LanguageStage, engine: Engine, run: Run, question: str) -> Probe:
    """Rehearse a stage on an engine that is thrown away after it: its weights and moments are changed.

    Args:
        stage: as it would be trained.
        engine: made for it, without a step yet.
        run: where the state is written, and removed from.
        question: under which `eval` scores classes.
    """
    started = time.perf_counter()
    pack = stage.fullest_pack()
    loss = stage.loss(pack, engine)
    engine.backward(loss.total / max(1, loss.n_items), is_last=True)
    engine.step(0.0).item()
    pack_s = time.perf_counter() - started
    started = time.perf_counter()
    n_windows = _score(stage.model, stage.class_answers, stage.window_len, question)
    score_s = time.perf_counter() - started
    started = time.perf_counter()
    folder = run.folder / ".probe.tmp"
    engine.meet()
    try:
        write_state(folder, stage.model, engine)
        engine.meet()
    finally:
        if engine.rank == 0:
            remove(folder)
    save_s = time.perf_counter() - started
    memory = peak_memory_bytes(engine.device) / 1e9
    return Probe(pack.n_tokens, pack_s, n_windows, score_s, state_bytes(stage.model), save_s, memory)


def _score(model: LlasaModel, answers: list[str], window_len: int, question: str) -> int:
    """Score as many windows as one forward of `eval` takes; drawn ones, since only their number counts."""
    turns = (Turn("human", f"{SENSOR}\n{question}"),)
    n_windows = max(1, POSITIONS_PER_FORWARD // positions_of(model, turns, answers, window_len))
    windows = np.random.default_rng(0).normal(size=(n_windows, 1, window_len, len(CHANNELS))).astype(np.float32)
    own = model.attention
    model.use_attention("sdpa")  # answers are scored by the LM's own attention
    with model.computing():
        score_choices(model, [Sample(window, turns) for window in windows], answers)
    model.use_attention(own)
    return n_windows
