"""An item as an audit sees it, whoever wrote it, with what was measured of its windows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy as np

    from llasa_core.data.grounded.measured import Measured
    from llasa_core.data.importers.item import Exchange
    from llasa_core.data.split import Split
    from llasa_core.errors import Place


@dataclass(slots=True)
class Entry:
    """One item; texts are without placeholders."""

    place: Place
    id: str
    windows: tuple[Hashable, ...]
    """What its windows are known by; two items about one window have the same."""
    exchanges: tuple[Exchange, ...]
    kind: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    split: Split | None = None
    """Of the file that it stands in."""
    window_splits: tuple[Split | None, ...] = ()
    """Of its windows' people."""
    subject: str | None = None
    window_subjects: tuple[str, ...] = ()
    label: str | None = None
    """Of its window, as the file of items says; in a data folder the windows know."""
    measured: tuple[Measured, ...] = ()
    """Its windows, where they could be read."""
    samples: tuple[np.ndarray, ...] = ()
    """The windows themselves, of items of a foreign file: [time, channel] as the file has them."""
    broken: str = ""
    """Why it is no item at all."""
    missing_window: str = ""
    """Which of its windows could not be read, and why."""
    unknown_keys: tuple[str, ...] = ()

    @property
    def is_ours(self) -> bool:
        """Whether it says what it claims, in a form that can be checked."""
        return bool(self.facts)

    @property
    def claims(self) -> list[dict[str, Any]]:
        """What it claims besides its activity."""
        claims = self.facts.get("claims")
        return [claim for claim in claims if isinstance(claim, dict)] if isinstance(claims, list) else []

    @property
    def activities(self) -> tuple[str | None, ...]:
        """The label of each window, as far as anybody knows."""
        if self.measured:
            return tuple(window.activity for window in self.measured)
        return (self.label,) * len(self.windows)
