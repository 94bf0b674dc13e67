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
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from llasa_core.model.config import QuantizationName
    from llasa_core.serve.settings import ServeSettings

THREADS = 8
"""For what would block the event loop."""
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
    quantization: QuantizationName = "none"


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
    model = load_any(
        chosen.folder,
        base_lm=chosen.base_lm,
        encoder=chosen.encoder,
        device=chosen.device,
        say=say,
        quantization=chosen.quantization,
    )
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
            model=model,
            store=store,
            intake=Intake(store, parsers, classifying, engine),
            settings=settings,
            metrics=metrics,
            created=int(time.time()),
        )
        guard = Guard(make_app(parts), settings, metrics, token=token, is_local=is_local)
        metrics.watch(_gauges(engine, store, parsers, guard))
        asyncio.run(_run(guard, parts, parsers, listening, ready))


def name_of(folder: Path) -> str:
    """Return how clients call a checkpoint: its recipe where a run wrote it, else its folder's name."""
    is_of_run = folder.name == "checkpoint" and len(folder.absolute().parts) > 3  # noqa: PLR2004 - recipe/stage/checkpoint
    return folder.absolute().parents[1].name if is_of_run else folder.absolute().name


async def _run(
    guard: Guard, parts: Parts, parsers: Parsers, listening: socket.socket, ready: Callable[[], None]
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS, "llasa serve"))
    config = uvicorn.Config(
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
    stops = Stops(loop)
    server = _Server(config, stops, ready)
    closing = _close(stops, server, guard, parts, parsers)
    background = [asyncio.create_task(part) for part in (closing, _forget(parts.store))]
    await server.serve([listening])
    for task in background:
        task.cancel()


class Stops:
    """How often the server was told to stop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.first, self.second = asyncio.Event(), asyncio.Event()

    def take(self, _signal: int, _frame: object) -> None:
        """Take a signal."""
        event = self.second if self.first.is_set() else self.first
        self._loop.call_soon_threadsafe(event.set)


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn closes its sockets first, and would raise the signal again in the end."""

    def __init__(self, config: uvicorn.Config, stops: Stops, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._stops, self._ready = stops, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {one: signal.signal(one, self._stops.take) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


async def _close(stops: Stops, server: uvicorn.Server, guard: Guard, parts: Parts, parsers: Parsers) -> None:
    """Once told to stop, refuse what comes, let answers end for a while, and end the rest; told twice, end at once."""
    await stops.first.wait()
    guard.is_closing = True
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(parts.settings.closing_s):
            await _first_of(guard.idle(), stops.second.wait())
    await asyncio.to_thread(parts.engine.close, parts.settings.closing_s)  # tells all that wait
    parsers.close()  # or the end would wait for a file that takes long
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            await guard.idle()
    server.force_exit = stops.second.is_set()
    server.should_exit = True


async def _first_of(*several: Coroutine[Any, Any, Any]) -> None:
    tasks = [asyncio.create_task(one) for one in several]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


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
