"""Where recordings and a key may be sent: over https, or to this machine."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

from llasa_core.errors import UsageError

KEY_VARIABLE = "LLASA_API_KEY"
_EXAMPLE = "write it like https://api.example.com/v1 or http://localhost:8000/v1"


def checked_url(url: str, setting: str = "--llm-url") -> str:
    """Return the address of an endpoint as it is called, without a slash at its end.

    Args:
        url: as somebody wrote it.
        setting: where, for errors.

    Raises:
        UsageError: it is none, holds a password or a query, or would carry recordings in clear to another machine.
    """
    url = url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"not the address of an endpoint: {error}", where=setting, fix=_EXAMPLE) from error
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "an address with a name or password would be stored with the data",
            where=setting,
            fix=f"put the key into the variable {KEY_VARIABLE}",
        )
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise UsageError(f'not the address of an endpoint: "{url}"', where=setting, fix=_EXAMPLE)
    if parts.scheme == "http" and not is_this_machine(host):
        raise UsageError(
            f"recordings and key would travel to {host} in clear, as the address begins with http",
            where=setting,
            fix=f"use its https address, or a tunnel: `ssh -L 8000:localhost:{parts.port or 80} {host}` and "
            "http://localhost:8000",
        )
    return url


def is_this_machine(host: str) -> bool:
    """Return whether a host is a loopback address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def key_of_environment() -> str | None:
    """Return the key for the endpoint, or None where there is none: a server of one's own may need none.

    Raises:
        UsageError: it cannot be sent in a header.
    """
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not all("!" <= letter <= "~" for letter in key):
        raise UsageError(
            f"the key in {KEY_VARIABLE} holds a letter that no key has, such as a space",
            fix=f"copy the key again: `export {KEY_VARIABLE}=…`",
        )
    return key or None
