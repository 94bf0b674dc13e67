"""Open questions about made-up windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from llm_fakes.gait import ACTIVITIES, WINDOW_S, recording_of, walking

from llasa_core.data.qa import Turn
from llasa_core.evaluate.open_ended.case import Case
from llasa_core.evaluate.open_ended.items import OpenItem

if TYPE_CHECKING:
    from collections.abc import Callable


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
