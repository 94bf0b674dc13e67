"""Does the fact suite read answers rightly? True ones, and true ones that were made wrong, one thing at a time.

    python benchmarks/read_answers.py DATA [--items 2000] [--seed 3]

Every statement of a reference answer must come out right, and whatever is made wrong in it (a number, an axis, an
activity, a sensor, a word) must be found. Beside this stand the verdicts of `check_answers.py`, which shares no code
with the suite. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "tests")]

import check_answers  # noqa: E402 - its neighbour, found by the path above
from corrupting import corrupted  # noqa: E402 - as above

from llasa_core.data.store import WindowStore  # noqa: E402
from llasa_core.evaluate.facts.chosen import choose_fact_items  # noqa: E402
from llasa_core.evaluate.facts.scoring import score_answers  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

    import h5py

    from llasa_core.evaluate.facts.judged import Judged
    from llasa_core.evaluate.open_ended.items import OpenItem

Pair = tuple["OpenItem", str]
"""A question, and an answer."""


def is_true(one: Judged) -> bool:
    """Return whether the suite finds nothing wrong, and all that was asked for."""
    return not one.is_hallucinated and all(met.is_right() for met in one.met)


def other_verdict(item: OpenItem, text: str, store: WindowStore, opened: dict[str, h5py.File]) -> str:
    """Return what `check_answers.py` says of an answer: right, wrong, or unread."""
    windows = [
        check_answers.load(store.folder, {"file": file, "row": row}, opened, store.activity_names)
        for file, row in store.refs(item.rows)
    ]
    found = check_answers.checks(item.question, text, windows)
    return "unread" if not found else "right" if all(is_right for _, is_right in found) else "wrong"


def beside(store: WindowStore, pairs: Sequence[Pair], opened: dict[str, h5py.File]) -> dict[str, Any]:
    """Return how answers come out, and how the two verdicts go together."""
    judged = score_answers(store, [item for item, _ in pairs], [text for _, text in pairs])
    both = Counter(
        f"suite {'right' if is_true(one) else 'wrong'}, check_answers {other_verdict(item, text, store, opened)}"
        for (item, text), one in zip(pairs, judged, strict=True)
        if item.kind != "unanswerable"
    )
    return {
        "answers": len(pairs),
        "found_true": sum(map(is_true, judged)),
        "statements": dict(Counter(said.verdict for one in judged for said in one.stated)),
        "both": dict(both.most_common()),
    }


def main() -> None:
    """Print what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=3)
    asked = parser.parse_args()
    store, opened = WindowStore(asked.data), {}
    items = choose_fact_items(store, "test", asked.items, asked.seed)
    present = sorted({store.activity_names[code] for code in set(store.activity.tolist()) if code >= 0})
    check_answers.KNOWN.update(present)
    wrong = [(item, kind, text) for item in items for kind, text in corrupted(item, present)]
    result = {
        "references": beside(store, [(item, item.reference) for item in items], opened),
        "made_wrong": {
            kind: beside(store, [(item, text) for item, its, text in wrong if its == kind], opened)
            for kind in sorted({kind for _, kind, _ in wrong})
        },
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
