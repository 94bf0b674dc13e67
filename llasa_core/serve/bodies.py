"""Bodies of requests, read with limits of size and time, and never held whole before they are known to be small."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llasa_core.serve.openai_shapes import RETRY_S, ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator

    from starlette.requests import Request

    from llasa_core.serve.settings import ServeSettings


class Room:
    """A budget that requests share; what does not fit is refused, so that memory and disk stay bounded."""

    def __init__(self, most: int, what: str) -> None:
        self._most, self._what = most, what
        self.taken = 0

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """Yield what takes more of it; all that was taken is given back in the end.

        Raises:
            ApiError: 429, there is no room left (from what is yielded).
        """
        mine = 0

        def take(amount: int) -> None:
            nonlocal mine
            if self.taken + amount > self._most:
                raise ApiError(
                    429,
                    f"{self._what} of others take all the room there is",
                    code="rate_limit_exceeded",
                    fix="try again in a few seconds",
                    retry_after_s=RETRY_S,
                )
            self.taken += amount
            mine += amount

        try:
            yield take
        finally:
            self.taken -= mine


async def chunks_of(request: Request, most_bytes: int, settings: ServeSettings) -> AsyncGenerator[bytes, None]:
    """Yield a body as it comes.

    Raises:
        ApiError: 413, it is larger than it may be, which is known before it is read where the client says its size;
            408, the client sends nothing for too long, too slowly, or takes too long altogether; 400, it left in the
            middle.
    """
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > most_bytes:
        raise _too_large(most_bytes, int(said))
    begun = time.monotonic()
    n_bytes = 0
    while True:
        most_s = min(settings.body_s, settings.stalled_s + n_bytes / settings.slowest_bytes_per_s)
        left = min(settings.stalled_s, begun + most_s - time.monotonic())
        message = await _in_time(request.receive, left)
        if message["type"] == "http.disconnect":
            raise ApiError(400, "the client left before its request was whole")
        n_bytes += len(message.get("body", b""))
        if n_bytes > most_bytes:
            raise _too_large(most_bytes)
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body", False):
            return


async def _in_time(receive: Callable[[], Awaitable[Any]], seconds: float) -> Any:
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            return await receive()
    except TimeoutError as error:
        raise ApiError(
            408, "the request's body did not come in time", fix="send it again, faster and without a pause"
        ) from error


def _too_large(most_bytes: int, n_bytes: int | None = None) -> ApiError:
    size = "" if n_bytes is None else f" of {n_bytes / 1e6:,.0f} MB"
    return ApiError(
        413,
        f"a body{size} is larger than {most_bytes / 1e6:,.0f} MB",
        code="request_too_large",
        fix="send a shorter recording, or a part of it",
    )
