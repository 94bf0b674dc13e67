"""A server from its start to its end: the model is loaded, requests are taken, and what is under way ends well."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import uvicorn

from llasa_core.data.channels import CHANNELS, STANDARD_GRAVITY
from llasa_core.data.qa import SENSOR, Turn
from llasa_core.engine import Ask, Engine, EngineLimits
from llasa_core.model.any_checkpoint import load_any, read_any_config
from llasa_core.serve.address import BACKLOG
from llasa_core.serve.app import Parts, make_app
from llasa_core.serve.classifying import classifying_of
from llasa_core.serve.connections import protocol_of
from llasa_core.serve.guard import Guard
from llasa_core.serve.intake import Intake
from llasa_core.serve.metrics import Gauges, Metrics
from llasa_core.serve.parsing import Parsers
from llasa_core.serve.store import Store

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from llasa_core.serve.settings import ServeSettings

THREADS = 8
"""For what would block the event loop."""
TICK_S = 0.1
FILES = 8192
"""Open files that are asked of the system: each connection is one."""
FORGET_EVERY_S = 30.0


@dataclass(frozen=True)
class Chosen:
    """A checkpoint, and what goes with it."""

    folder: Path
    base_lm: str | None = None
    encoder: Path | None = None
    device: str | None = None
    name: str | None = None


def serve(
    chosen: Chosen,
    listening: socket.socket,
    settings: ServeSettings,
    *,
    token: str | None,
    is_local: bool,
    ready: Callable[[], None] = lambda: None,
    say: Callable[[str], None] = lambda _text: None,
) -> None:
    """Serve until SIGINT or SIGTERM; then no more is taken, and what is under way may end.

    Args:
        chosen: who answers.
        listening: from `listen`; closed in the end.
        settings: limits.
        token: what clients have to show.
        is_local: whether only this machine reaches the address.
        ready: called once requests are answered.
        say: told what takes long.

    Raises:
        ModelError: the checkpoint cannot be used.
    """
    config = read_any_config(chosen.folder, base_lm=chosen.base_lm, encoder=chosen.encoder)
    classifying = classifying_of(chosen.folder, config)
    model = load_any(chosen.folder, base_lm=chosen.base_lm, encoder=chosen.encoder, device=chosen.device, say=say)
    _allow_files()
    limits = EngineLimits(most_together=settings.most_together, most_waiting=settings.most_waiting)
    parsers = Parsers(settings)
    with Engine(model, limits) as engine, contextlib.closing(parsers):
        parsers.warm_up()
        _warm_up(engine, round(config.window_s * config.sampling_rate_hz))
        metrics, store = Metrics(), Store(settings)
        parts = Parts(
            name=chosen.name or name_of(chosen.folder),
            activities=tuple(config.activities),
            engine=engine,
            codec=model.codec,
            store=store,
            intake=Intake(store, parsers, classifying, engine),
            settings=settings,
            metrics=metrics,
            created=int(time.time()),
        )
        guard = Guard(make_app(parts), settings, metrics, token=token, is_local=is_local)
        metrics.watch(_gauges(engine, store, parsers, guard))
        asyncio.run(_run(guard, parts, listening, ready))


def name_of(folder: Path) -> str:
    """Return how clients call a checkpoint: its recipe where a run wrote it, else its folder's name."""
    is_of_run = folder.name == "checkpoint" and len(folder.absolute().parts) > 3  # noqa: PLR2004 - recipe/stage/checkpoint
    return folder.absolute().parents[1].name if is_of_run else folder.absolute().name


async def _run(guard: Guard, parts: Parts, listening: socket.socket, ready: Callable[[], None]) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "llasa serve"))
    server = _Server(
        uvicorn.Config(
            guard,
            http=protocol_of(parts.settings),
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=1,
        )
    )
    with _signals() as stops:
        background = [asyncio.create_task(part) for part in (_close(stops, server, guard, parts), _forget(parts.store))]
        serving = asyncio.create_task(server.serve([listening]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        ready()
        await serving
        for task in background:
            task.cancel()


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn closes its sockets first, and would raise the signal again in the end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def _signals() -> Iterator[list[int]]:
    """Yield a list of the signals to stop that came."""
    came: list[int] = []
    before = {
        one: signal.signal(one, lambda number, _frame: came.append(number)) for one in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield came
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


async def _close(stops: list[int], server: uvicorn.Server, guard: Guard, parts: Parts) -> None:
    """Once told to stop, refuse what comes, let answers end for a while, and end the rest; told twice, end at once."""
    while not stops:
        await asyncio.sleep(TICK_S)
    guard.is_closing = True
    deadline = time.monotonic() + parts.settings.closing_s
    while guard.active and time.monotonic() < deadline and len(stops) == 1:
        await asyncio.sleep(TICK_S)
    await asyncio.to_thread(parts.engine.close, parts.settings.closing_s)  # tells all that wait
    await asyncio.sleep(TICK_S)
    server.force_exit = len(stops) > 1
    server.should_exit = True


async def _forget(store: Store) -> None:
    while True:
        await asyncio.sleep(FORGET_EVERY_S)
        store.forget_old()


def _warm_up(engine: Engine, window_len: int) -> None:
    """Answer once, so that the first person does not wait for what is set up then."""
    window = np.zeros((1, window_len, len(CHANNELS)), np.float32)
    window[..., 2] = STANDARD_GRAVITY
    engine.submit(Ask(window, (Turn("human", f"{SENSOR}\nWhat is the person doing?"),), max_new_tokens=2)).wait()


def _gauges(engine: Engine, store: Store, parsers: Parsers, guard: Guard) -> Gauges:
    names = {
        "waiting": "Questions that wait for the model.",
        "reading": "Questions whose prompt is being read.",
        "answering": "Answers that are being decoded.",
        "positions": "Positions that memory is taken for.",
    }
    read: dict[str, tuple[str, Any]] = {
        f"engine_{name}": (meaning, lambda name=name: engine.load[name]) for name, meaning in names.items()
    }
    return Gauges(
        read
        | {
            "uploads": ("Recordings that are remembered.", lambda: len(store)),
            "uploads_bytes": ("Memory that they take.", lambda: store.n_bytes),
            "parser_restarts": ("Parsing processes that were ended.", lambda: parsers.restarts),
            "active_requests": ("Requests that are being worked on.", lambda: guard.active),
        }
    )


def _allow_files() -> None:
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
