"""How long until `llasa chat --ask` shows its first token, in fresh processes: `python benchmarks/chat.py`.

Run it twice: the first run may still bring the base LM from the disk into memory.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "walking.csv"
QUESTION = "What is the person doing?"


def main() -> None:
    """Print the median of several runs, then where one run's time goes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sensor", type=Path, default=EXAMPLE)
    parser.add_argument("--model", type=Path, help="a checkpoint; by default the shipped one")
    parser.add_argument("--base-lm")
    parser.add_argument("--stages", action="store_true", help=argparse.SUPPRESS)  # what a child is started with
    options = parser.parse_args()
    if options.stages:
        show_stages(options)
        return
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    times = [first_token_s(options) for _ in range(options.runs)]
    runs = ", ".join(f"{seconds:.2f}" for seconds in times)
    print(f"first token of `llasa chat --ask`: median {statistics.median(times):.2f} s of {options.runs} runs ({runs})")
    print("of which, in one more process:", flush=True)
    subprocess.run([sys.executable, __file__, "--stages", *flags(options)], check=True)


def flags(options: argparse.Namespace) -> list[str]:
    """Return the flags that a child takes as they were given."""
    given = [("--sensor", options.sensor), ("--model", options.model), ("--base-lm", options.base_lm)]
    return [word for flag, value in given if value is not None for word in (flag, str(value))]


def first_token_s(options: argparse.Namespace) -> float:
    """Return the seconds from starting a process to the first byte of its answer."""
    command = [sys.executable, "-m", "llasa_cli.app", "chat", *flags(options), "--ask", QUESTION]
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as process:
        first = process.stdout.read(1)
        seconds = time.perf_counter() - begun
        process.stdout.read()
        if not first:
            sys.exit(process.stderr.read().decode())
    return seconds


def show_stages(options: argparse.Namespace) -> None:
    """Go through what `llasa chat --ask` does, and print how long each part takes."""
    stages = Stages()
    import torch  # noqa: F401, PLC0415 - the imports are what is measured

    stages.end("import torch")
    from transformers.models.llama import modeling_llama  # noqa: F401, PLC0415

    stages.end("import transformers' Llama")
    from llasa_core.chat.conversation import Conversation  # noqa: PLC0415
    from llasa_core.chat.recording_windows import cut_for_chat, read_recording  # noqa: PLC0415
    from llasa_core.chat.settings import ChatSettings  # noqa: PLC0415
    from llasa_core.data.read_options import ReadOptions  # noqa: PLC0415
    from llasa_core.model.checkpoint import load_checkpoint, read_checkpoint_config, shipped  # noqa: PLC0415

    stages.end("import the rest")
    recording = read_recording(options.sensor, ReadOptions())
    folder = options.model or shipped("smol")
    config = read_checkpoint_config(folder)
    windows = cut_for_chat(recording, sampling_rate_hz=config.sampling_rate_hz, window_s=config.window_s)
    stages.end("read the recording")
    model = load_checkpoint(folder, base_lm=options.base_lm)
    stages.end("load the model")
    conversation = Conversation(model, config.activities, windows, ChatSettings())
    stages.end(f"look at {len(conversation.view.looked_at)} windows")
    next(conversation.ask(QUESTION), None)
    stages.end("first token")


class Stages:
    """Prints the time between one stage's end and the next."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def end(self, name: str) -> None:
        """Print how long the stage took that ends now."""
        now = time.perf_counter()
        print(f"  {now - self._last:5.2f} s  {name}")
        self._last = now


if __name__ == "__main__":
    main()
