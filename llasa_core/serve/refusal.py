"""An error as an answer, also to a client that is still sending."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from llasa_core.serve.openai_shapes import ApiError


WHOLE = "llasa.body_is_whole"
"""In the scope of a request once all of its body was read."""


class Refusal(Response):
    """Answers with an error, reads on for a moment where a body comes, and closes the connection then."""

    media_type = "application/json"

    def __init__(self, error: ApiError, linger_s: float) -> None:
        super().__init__(json.dumps(error.body), error.status, error.headers)
        self._linger_s = linger_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        sent = dict(scope["headers"])
        has_body = b"transfer-encoding" in sent or sent.get(b"content-length", b"0") != b"0"
        if not has_body or scope.get(WHOLE):
            await super().__call__(scope, receive, send)
            return
        headers = [*self.raw_headers, (b"connection", b"close")]  # what is left of the body is not worth reading
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        if b"expect" not in sent:  # who waits for a `100 Continue` has sent nothing
            await drain(receive, self._linger_s)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def drain(receive: Callable[[], Awaitable[Any]], seconds: float) -> None:
    """Read on and forget, for a moment: a client that still sends would take a closed connection for a failure."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return
