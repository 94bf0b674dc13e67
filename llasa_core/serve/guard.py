"""What every request passes: who may ask, how many at once, and headers that keep a browser's other pages out."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from llasa_core.serve.address import is_loopback
from llasa_core.serve.openai_shapes import RETRY_S, ApiError, as_api_error
from llasa_core.serve.refusal import WHOLE, Refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from llasa_core.serve.metrics import Metrics
    from llasa_core.serve.settings import ServeSettings

OPEN = ("/", "/health", "/favicon.ico")
OPEN_BELOW = "/static/"
"""What needs no token: the page asks for it, and then sends it along with all else."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere. plotly writes styles into the page, so these may be inline; scripts may not."""
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]
FAULT = 500
log = logging.getLogger("llasa.serve")


class Guard:
    """Stands before the application, as ASGI middleware."""

    def __init__(
        self, app: ASGIApp, settings: ServeSettings, metrics: Metrics, *, token: str | None, is_local: bool
    ) -> None:
        """Make one.

        Args:
            app: what is guarded.
            settings: limits.
            metrics: counts what passes.
            token: what clients have to show; None lets everybody in.
            is_local: whether the server listens on loopback only, where pages that a browser shows are strangers too.
        """
        self._app, self._settings, self._metrics = app, settings, metrics
        self._token = None if token is None else token.encode()
        self._is_local = is_local
        self.active = 0
        """Requests that are being worked on."""
        self.is_closing = False
        self._idle = asyncio.Event()

    async def idle(self) -> None:
        """Wait until nothing is being worked on."""
        if self.active:
            self._idle.clear()
            await self._idle.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Sending(send)
        begun = time.monotonic()
        self.active += 1
        try:
            self._check(scope)
            await self._app(scope, _watched(scope, receive), answer)
        except Exception as error:
            told = as_api_error(error)
            if told.status == FAULT:
                log.exception("%s %s failed", scope["method"], scope["path"])
            if answer.status is None:
                await Refusal(told, self._settings.linger_s)(scope, receive, answer)
            elif not answer.is_whole:  # too late for another answer: uvicorn closes the connection
                raise
        finally:
            self.active -= 1
            if not self.active:
                self._idle.set()
            self._metrics.saw(scope, answer.status, time.monotonic() - begun)

    def _check(self, scope: Scope) -> None:
        headers = dict(scope["headers"])
        if self.is_closing:
            raise ApiError(503, "the server is closing", fix="try again later", retry_after_s=RETRY_S)
        if self._is_local:
            _check_host(headers)
        path = scope["path"]
        if path != "/" or headers.get(b"sec-fetch-mode") != b"navigate":  # a link to the page is no request of another
            _check_origin(headers)
        if self._token is not None and path not in OPEN and not path.startswith(OPEN_BELOW):
            self._check_token(headers)
        if self.active > self._settings.most_requests and path != "/health":
            raise ApiError(
                429,
                f"{self.active - 1} requests are being worked on already",
                code="rate_limit_exceeded",
                fix="try again in a few seconds",
                retry_after_s=RETRY_S,
            )

    def _check_token(self, headers: dict[bytes, bytes]) -> None:
        kind, _, shown = headers.get(b"authorization", b"").partition(b" ")
        fix = "send the header `Authorization: Bearer TOKEN`; with the openai client it is `api_key`"
        if kind.lower() != b"bearer" or not shown:
            raise ApiError(401, "a token is needed", code="invalid_api_key", fix=fix)
        assert self._token is not None  # noqa: S101 - or nobody would ask
        if not hmac.compare_digest(shown.strip(), self._token):
            raise ApiError(401, "the token is wrong", code="invalid_api_key", fix=fix)


class _Sending:
    """Adds our headers, and sees what is answered."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None
        self.is_whole = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
        elif message["type"] == "http.response.body":
            self.is_whole = not message.get("more_body", False)
        await self._send(message)


def _watched(scope: Scope, receive: Receive) -> Receive:
    """Return what receives a request and notes when its body is whole: then a refusal need not read on."""

    async def watched() -> Message:
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            scope[WHOLE] = True
        return message

    return watched


def _check_host(headers: dict[bytes, bytes]) -> None:
    """Refuse names that a stranger's page may have bound to this machine's address (DNS rebinding)."""
    host = headers.get(b"host", b"").decode("latin-1")
    name = _name_of(host)
    if name is None or not is_loopback(name):
        raise ApiError(
            421,
            f"the server does not answer under the name `{host[:60]}`",
            fix="open it as 127.0.0.1 or localhost, or serve with `--host` and a token",
        )


def _check_origin(headers: dict[bytes, bytes]) -> None:
    """Refuse requests that a page from elsewhere makes; programs send no such header."""
    origin = headers.get(b"origin")
    host = headers.get(b"host", b"")
    is_foreign = origin is not None and urlsplit(origin).netloc != host
    if is_foreign or headers.get(b"sec-fetch-site") in {b"cross-site", b"same-site"}:
        raise ApiError(403, "pages from elsewhere may not ask this server", fix="open the server's own page")


def _name_of(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
