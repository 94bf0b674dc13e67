from __future__ import annotations

import pytest

from llasa_core.data.llm_written.address import checked_url, key_of_environment
from llasa_core.errors import UsageError

EXAMPLE = "write it like https://api.example.com/v1 or http://localhost:8000/v1"


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("https://api.example.com/v1/", "https://api.example.com/v1"),
        (" http://localhost:8000/v1 ", "http://localhost:8000/v1"),
        ("http://127.0.0.2:8000/v1", "http://127.0.0.2:8000/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
    ],
)
def test_recordings_may_go_over_https_or_to_this_machine(url: str, called: str):
    assert checked_url(url) == called


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "http://gpu.example.com:8000/v1",
            (
                "recordings and key would travel to gpu.example.com in clear, as the address begins with http\n"
                "  where: --llm-url\n"
                "  fix:   use its https address, or a tunnel: `ssh -L 8000:localhost:8000 gpu.example.com` and "
                "http://localhost:8000"
            ),
        ),
        (
            "https://me:secret@api.example.com/v1",
            (
                "an address with a name or password would be stored with the data\n"
                "  where: --llm-url\n"
                "  fix:   put the key into the variable LLASA_API_KEY"
            ),
        ),
        (
            "api.example.com/v1",
            f'not the address of an endpoint: "api.example.com/v1"\n  where: --llm-url\n  fix:   {EXAMPLE}',
        ),
        (
            "https://a.example.com/v1?key=1",
            f'not the address of an endpoint: "https://a.example.com/v1?key=1"\n  where: --llm-url\n  fix:   {EXAMPLE}',
        ),
        (
            "http://[::1/v1",
            f"not the address of an endpoint: Invalid IPv6 URL\n  where: --llm-url\n  fix:   {EXAMPLE}",
        ),
    ],
    ids=["in clear", "password", "no scheme", "query", "broken"],
)
def test_an_address_that_cannot_be_used_is_refused(url: str, message: str):
    with pytest.raises(UsageError) as caught:
        checked_url(url)

    assert str(caught.value) == message


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LLASA_API_KEY", " sk-1\n")
    assert key_of_environment() == "sk-1"

    monkeypatch.delenv("LLASA_API_KEY")
    assert key_of_environment() is None


def test_a_key_that_no_header_holds_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LLASA_API_KEY", "sk-secret and more")

    with pytest.raises(UsageError) as caught:
        key_of_environment()

    assert str(caught.value) == (
        "the key in LLASA_API_KEY holds a letter that no key has, such as a space\n"
        "  fix:   copy the key again: `export LLASA_API_KEY=…`"
    )
