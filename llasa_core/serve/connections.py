"""Connections that hang are closed: uvicorn waits for a request's headers for ever."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from llasa_core.serve.openai_shapes import ApiError

if TYPE_CHECKING:
    import asyncio

    from llasa_core.serve.settings import ServeSettings


class Patient(H11Protocol):
    """Waits for a request's headers and for an answer to be taken, but not for ever."""

    settings: ServeSettings
    _waiting: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """See asyncio."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # tells at once when a client takes nothing
        if len(self.connections) > self.settings.most_connections:
            self._answer_and_close(429, "there are too many connections")
            return
        self._wait()

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        super().data_received(data)
        if self._is_working:
            self._stop_waiting()
        elif self._waiting is None and not self.transport.is_closing():
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._stop_waiting()
        self._stop_stalled()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """See asyncio."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self.settings.stalled_s, self.transport.abort)

    def resume_writing(self) -> None:
        """See asyncio."""
        self._stop_stalled()
        super().resume_writing()

    @property
    def _is_working(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _stop_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.settings.header_s, self._give_up)

    def _give_up(self) -> None:
        if not self._is_working and not self.transport.is_closing():
            self._answer_and_close(408, "the request's headers did not come in time")

    def _answer_and_close(self, status: int, message: str) -> None:
        body = json.dumps(ApiError(status, message, fix="try again").body)
        self.transport.write(
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\nretry-after: 2\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n{body}".encode("latin-1")
        )
        self.transport.close()


def protocol_of(settings: ServeSettings) -> type[Patient]:
    """Return the protocol of connections with these limits."""
    return type("Limited", (Patient,), {"settings": settings})
