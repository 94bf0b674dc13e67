"""Audit questions and answers: a data folder, or any LLaVA-style file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.activities import ACTIVITIES
from llasa_core.data.audit.balance import Balance
from llasa_core.data.audit.data_folder import DataFolderItems
from llasa_core.data.audit.foreign import ForeignItems
from llasa_core.data.audit.giveaways import Giveaways, Labels
from llasa_core.data.audit.pairs import Pairs
from llasa_core.data.audit.readings import ReadingsInTexts
from llasa_core.data.audit.report import AuditReport
from llasa_core.data.audit.splits import Leaks, same_windows
from llasa_core.data.audit.truth import Truth
from llasa_core.data.audit.whole import Broken, Duplicates, Lengths
from llasa_core.data.store import WindowStore
from llasa_core.data.windows import WindowConfig
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from llasa_core.data.audit.entry import Entry
    from llasa_core.data.audit.finding import Check

MAX_TOKENS = 2048
"""The length that LLaVA trains with."""
EVERY = 1000
"""Items after which progress is told."""


def audit(
    path: Path,
    *,
    windows: Path | None = None,
    max_tokens: int = MAX_TOKENS,
    same_samples: Callable[[WindowStore], list[str]] = same_windows,
    progress: Callable[[float, str], None] = lambda _done, _words: None,
) -> AuditReport:
    """Return what is wrong with questions and answers.

    Memory does not grow with the length of the texts: items are read one after the other, and some bytes kept of each.

    Args:
        path: a data folder, or a JSON or JSON Lines file of LLaVA-style or SensorCaps items.
        windows: where the windows of such a file are; left out, they are looked for beside it.
        max_tokens: an item that is longer is found.
        same_samples: says which splits share samples; by default those with the same windows do.
        progress: told how many items were read, and what is at hand.

    Raises:
        DataError: there is nothing of the kind, or a file is not JSON.
    """
    if path.is_dir():
        store = WindowStore(path)
        items: DataFolderItems | ForeignItems = DataFolderItems(store)
        checks = _checks_of_folder(store, max_tokens, same_samples)
    elif path.is_file():
        items = ForeignItems(path, windows)
        checks = _checks((), WindowConfig().window_s, frozenset(), max_tokens)
    else:
        raise DataError("there is nothing to audit", where=path, fix="name a data folder, or a file of items")
    return _looked(path, items.files, items.entries(), checks, progress)


def _looked(
    path: Path,
    files: Sequence[str],
    entries: Iterable[Entry],
    checks: Sequence[Check],
    progress: Callable[[float, str], None],
) -> AuditReport:
    n_items = n_exchanges = n_with_windows = 0
    for entry in entries:
        n_items += 1
        n_exchanges += len(entry.exchanges)
        n_with_windows += bool(entry.measured)
        if n_items % EVERY == 0:
            progress(n_items, str(entry.place))
        for check in checks:
            check.look(entry)
    findings = [finding for check in checks for finding in check.findings()]
    findings.sort(key=lambda finding: finding.severity != "error")
    return AuditReport(str(path), tuple(files), n_items, n_exchanges, n_with_windows, tuple(findings))


def _checks_of_folder(
    store: WindowStore, max_tokens: int, same_samples: Callable[[WindowStore], list[str]]
) -> list[Check]:
    names = store.activity_names
    seen = frozenset(names[code] for code in np.unique(store.activity).tolist() if code >= 0)
    checks = _checks(tuple(names), store.window_s, seen, max_tokens)
    return [*checks, Leaks(store, same_samples)]


def _checks(names: tuple[str, ...], window_s: float, seen: frozenset[str], max_tokens: int) -> list[Check]:
    return [
        Broken(),
        Pairs(),
        Truth(names, window_s),
        ReadingsInTexts(),
        Duplicates(),
        Giveaways(names),
        Labels(frozenset(names or ACTIVITIES), seen),
        Lengths(max_tokens),
        Balance(names),
    ]
