"""Where a server listens, and the token that another address than loopback demands."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import TYPE_CHECKING

from llasa_core.errors import RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN_VARIABLE = "LLASA_TOKEN"  # noqa: S105 - a variable's name
SHORTEST_TOKEN = 16
"""Characters; what is shorter can be guessed."""
BACKLOG = 2048
"""Connections that the system holds until they are accepted: a thousand clients may come at once."""


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def token_for(host: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the token that clients must show; None on loopback, where the environment names none.

    Raises:
        UsageError: others could reach the server and there is no token, or a token is too short or no plain text.
    """
    token = environment.get(TOKEN_VARIABLE, "")
    if not token and is_loopback(host):
        return None
    fix = (
        f"export {TOKEN_VARIABLE}=$(python -c 'import secrets; print(secrets.token_urlsafe())'), "
        "or leave out `--host` to serve this machine only"
    )
    if not token:
        raise UsageError(
            f"other machines can reach {host}, so clients have to show a token, and there is none",
            where=f"--host {host}",
            fix=fix,
        )
    if len(token) < SHORTEST_TOKEN:
        raise UsageError(
            f"the token has {len(token)} characters; at least {SHORTEST_TOKEN} are needed",
            where=TOKEN_VARIABLE,
            fix=fix,
        )
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise UsageError(
            "the token has characters that no header can carry",
            where=TOKEN_VARIABLE,
            fix="take letters, digits, `-` and `_`",
        )
    return token


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises:
        UsageError: there is no such address on this machine.
        RunError: the port is taken, or only the administrator may use it.
    """
    bare = host.strip("[]")
    where = f"{host}:{port}"
    try:
        family = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((bare, port), family=family, backlog=BACKLOG)
    except socket.gaierror as error:
        raise UsageError(
            f"there is no address {host}", where=where, fix="pass one of this machine, such as `--host 127.0.0.1`"
        ) from error
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        raise RunError(
            f"the server cannot listen there: {reason}", where=where, fix="pass another `--port`, or `--port 0`"
        ) from error


def url_of(listening: socket.socket) -> str:
    """Return what to open in a browser."""
    host, port = listening.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - every address; one of them is this
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
