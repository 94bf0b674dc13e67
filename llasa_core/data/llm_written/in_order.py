"""Several things under way at once, handed back in the order in which they were begun."""

from __future__ import annotations

import queue
import time
from collections import deque
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

J = TypeVar("J")
R = TypeVar("R")
AHEAD = 8
"""Jobs begun for each thread before the oldest one is done."""
LAST_S = 15.0
"""What is under way when all is stopped may take so long to end: it is paid for."""


def in_order(
    work: Callable[[J], R], jobs: Iterable[J], n_threads: int, *, stop: Callable[[], None]
) -> Generator[tuple[J, R], None, None]:
    """Yield each job with what its work returned, in the order of the jobs.

    The threads are daemons, unlike those of an executor: a second Ctrl-C must not wait for a silent server.

    Args:
        work: done by one of the threads.
        jobs: taken one by one, not far ahead of the results.
        n_threads: at work at once.
        stop: called when the results are no longer wanted; the work shall end soon after.

    Raises:
        Exception: what the work raised, when its turn comes.
    """
    waiting: queue.SimpleQueue[tuple[J, Future[R]] | None] = queue.SimpleQueue()
    threads = [Thread(target=_worker, args=(work, waiting), daemon=True) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    begun: deque[tuple[J, Future[R]]] = deque()
    try:
        for job in jobs:
            begun.append((job, Future()))
            waiting.put(begun[-1])
            if len(begun) >= n_threads * AHEAD:
                yield _oldest(begun)
        while begun:
            yield _oldest(begun)
    finally:
        if begun:
            stop()
        for _, future in begun:
            future.cancel()
        for _ in threads:
            waiting.put(None)
        last = time.monotonic() + LAST_S
        for thread in threads:
            thread.join(max(0.0, last - time.monotonic()))


def _oldest(begun: deque[tuple[J, Future[R]]]) -> tuple[J, R]:
    job, future = begun[0]
    result = future.result()
    begun.popleft()
    return job, result


def _worker(work: Callable[[J], R], waiting: queue.SimpleQueue[tuple[J, Future[R]] | None]) -> None:
    while (entry := waiting.get()) is not None:
        job, future = entry
        if not future.set_running_or_notify_cancel():
            continue
        try:
            future.set_result(work(job))
        except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
            future.set_exception(error)
