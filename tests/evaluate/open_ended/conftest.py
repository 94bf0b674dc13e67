"""Open questions about made-up windows, and a data folder that holds some."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from llm_fakes.gait import ACTIVITIES, WINDOW_S, recording_of, walking

from llasa_core.data.facts import facts_of
from llasa_core.data.grounded.items import items_of
from llasa_core.data.grounded.measured import MeasuredRecording, measured
from llasa_core.data.qa import Turn, write_qa
from llasa_core.evaluate.open_ended.case import Case
from llasa_core.evaluate.open_ended.items import OpenItem

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.data.store import WindowStore


@pytest.fixture
def make_cases() -> Callable[[int], list[Case]]:
    """Return what makes so many cases: questions about windows of a made-up gait, of three people."""

    def make(n: int) -> list[Case]:
        samples = walking(n)
        recording = recording_of(samples)
        return [
            Case(
                OpenItem(
                    id=f"own/a/{nth}/caption-0",
                    kind=("caption", "reasoning")[nth % 2],
                    subject=f"own/{nth % 3}",
                    rows=(nth,),
                    turns=(Turn("human", "<sensor>\nDescribe this recording."),),
                    reference="A person walking.",
                    facts={"activity": "walking"},
                ),
                (recording.windows[nth],),
                WINDOW_S,
                ACTIVITIES,
            )
            for nth in range(n)
        ]

    return make


@pytest.fixture
def asked(make_data: Callable[..., WindowStore]) -> WindowStore:
    """Return a data folder whose test people are asked about, as `prepare-data` asks: 36 windows of three people."""
    store = make_data()
    activities = [store.activity_names[code] for code in sorted(set(store.activity.tolist()))]
    items = []
    for person in store.manifest["splits"]["test"]:
        rows = [row for row in store.rows("test").tolist() if store.subject_names[store.subject[row]] == person]
        names = [store.activity_names[store.activity[row]] for row in rows]
        starts = [3.0 * nth for nth in range(len(rows))]
        windows = measured(facts_of(store.take(rows), store.sampling_rate_hz), names, starts)
        items += items_of(MeasuredRecording(person, person, store.refs(rows), windows, store.window_s), activities, 7)
    write_qa(store.folder / "qa-test.json", items)
    return store
