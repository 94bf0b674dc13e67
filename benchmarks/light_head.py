"""Learn a checkpoint's light head again: `python benchmarks/light_head.py DATA llasa_core/checkpoints/smol --own`.

As `llasa finetune` does at the end of a run, but whether or not there is a head already. `--own` says that the LM has
not learned from DATA, as `head.folder` of a recipe does: then activities that it does not know are learned, too.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from llasa_core.data.store import WindowStore
from llasa_core.train.head import add_head


def main() -> None:
    """Write `head.safetensors` and print how it came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--own", action="store_true")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    store = WindowStore(arguments.data)
    report = add_head(store, arguments.checkpoint, arguments.seed, is_own_data=arguments.own)
    sys.stdout.write(json.dumps(None if report is None else asdict(report)) + "\n")


if __name__ == "__main__":
    main()
