"""A data folder whose people of all splits are asked about, as `prepare-data` asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llasa_core.data.facts import facts_of
from llasa_core.data.grounded.items import items_of
from llasa_core.data.grounded.measured import MeasuredRecording, measured
from llasa_core.data.qa import write_qa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llasa_core.data.qa import QaItem
    from llasa_core.data.store import WindowStore


@pytest.fixture
def asked(make_data: Callable[..., WindowStore]) -> WindowStore:
    """36 windows of the three test people, 48 of the four training people, with eleven items each."""
    store = make_data()
    for split in ("train", "test"):
        write_qa(store.folder / f"qa-{split}.json", _items(store, split))
    return store


def _items(store: WindowStore, split: str) -> Iterator[QaItem]:
    activities = [store.activity_names[code] for code in sorted(set(store.activity.tolist()))]
    for person in store.manifest["splits"][split]:
        rows = [row for row in store.rows(split).tolist() if store.subject_names[store.subject[row]] == person]
        names = [store.activity_names[store.activity[row]] for row in rows]
        facts = facts_of(store.take(rows), store.sampling_rate_hz)
        windows = measured(facts, names, [3.0 * nth for nth in range(len(rows))])
        recording = MeasuredRecording(person, person, store.refs(rows), windows, store.window_s)
        yield from items_of(recording, activities, 7)
