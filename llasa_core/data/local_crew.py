"""Processes on this machine that cut recordings side by side."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llasa_core.data.fan_out import cut_group
from llasa_core.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from llasa_core.data.cutting import How
    from llasa_core.data.fan_out import Group


@dataclass(frozen=True)
class LocalCrew:
    """So many processes; they end with this one, however it ends."""

    workers: int

    def __call__(self, groups: Sequence[Group], how: How, folder: Path) -> Generator[Group, None, None]:
        """Yield each group once its file is whole.

        Raises:
            DataError: a file cannot be read, and bad files are not to be skipped.
            RunError: a worker was killed.
        """
        fresh_interpreters = multiprocessing.get_context("spawn")  # forking a process with threads may hang it
        others = multiprocessing.active_children()
        pool = ProcessPoolExecutor(self.workers, fresh_interpreters, initializer=_begin_worker)
        try:
            group_of = {pool.submit(cut_group, group, how, folder): group for group in groups}
            for future in as_completed(group_of):
                future.result()
                yield group_of.pop(future)
        except BrokenProcessPool as error:
            raise RunError(
                "a worker was killed, perhaps because memory ran out",
                fix="run the same command again, with fewer `--workers` if it happens again",
            ) from error
        finally:
            for worker in multiprocessing.active_children():  # none is left to do unless something went wrong
                if worker not in others:
                    worker.terminate()
            pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when its parent is gone: after a SIGKILL nobody else would end it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
