from __future__ import annotations

import json
import time
from contextlib import closing
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
from llm_fakes.server import Answered, LlmServer, completion, failed

from llasa_core.data.llm_written.cache import Answer
from llasa_core.data.llm_written.endpoint import Endpoint, Failure, Request

if TYPE_CHECKING:
    from collections.abc import Callable

ASKED = Request("m", (("system", "Be true."), ("user", "Write.")), {"type": "object"}, 50, 0.7)
KEY = "sk-the-key"


def ask(server: LlmServer, *, key: str | None = KEY, timeout_s: float = 5.0) -> Answer:
    with closing(Endpoint(server.url, key, timeout_s)) as endpoint:
        return endpoint.ask(ASKED)


def failure_of(answered: Answered, *, timeout_s: float = 5.0) -> Failure:
    with LlmServer(lambda _number, _body: answered) as server, pytest.raises(Failure) as caught:
        ask(server, timeout_s=timeout_s)
    return caught.value


def test_an_answer_comes_with_its_tokens():
    with LlmServer(lambda _number, _body: completion("Hello", finish="length")) as server:
        assert ask(server) == Answer("Hello", "length", 2000, 500)


def test_tokens_that_nobody_counted_are_estimated():
    with LlmServer(lambda _number, _body: completion("Hello there", usage=None)) as server:
        assert ask(server) == Answer("Hello there", "stop", 13, 2)


def test_only_what_is_needed_is_sent_and_the_key_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch):
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "another-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Other: another-secret")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    with LlmServer(lambda _number, _body: completion("Hello")) as server:
        ask(server)
        ask(server, key=None)

    with_key, without = ({name.lower(): value for name, value in asked.headers.items()} for asked in server.asked)
    assert with_key.pop("authorization") == f"Bearer {KEY}"
    assert with_key == without
    assert without.keys() == {
        *("host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent"),
        "x-stainless-raw-response",
    }
    assert "another-secret" not in json.dumps([asked.headers for asked in server.asked])
    assert server.asked[0].path == "/v1/chat/completions"
    assert server.asked[0].body == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be true."}, {"role": "user", "content": "Write."}],
        "max_tokens": 50,
        "temperature": 0.7,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "window", "strict": True, "schema": {"type": "object"}},
        },
    }


@pytest.mark.parametrize(
    ("answered", "reason"),
    [
        (failed(500), "HTTP 500"),
        (failed(503), "HTTP 503"),
        (failed(429), "HTTP 429"),
        (failed(408), "HTTP 408"),
        (Answered(204), "HTTP 204"),
        (Answered(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"}), "HTTP 502"),
        (Answered(body=b"<html>Log in</html>", headers={"Content-Type": "text/html"}), "the body is not JSON"),
        (Answered(body=completion("Hello").body[:40]), "the body is not JSON"),
        (Answered(body=b""), "the body is not JSON"),
        (Answered(body=b"\xff\xfe"), "the body is not JSON"),
        (Answered(body=b"[" * 100_000), "the body is not JSON"),
        (Answered(body=b"null"), "the body is no chat completion"),
        (Answered(body=b'{"error": {"message": "overloaded"}}'), "the body is no chat completion"),
        (Answered(body=b'{"choices": [{"text": "Hello"}]}'), "the body is no chat completion"),
        (Answered(body=b'{"choices": [{"message": {"content": ["Hello"]}}]}'), "the body is no chat completion"),
        (Answered(body=b'{"choices": []}'), "the body holds no choice"),
        (Answered(is_reset=True), "no connection"),
        (Answered(body=completion("Hello").body[:40], declared_bytes=5000), "the connection broke off"),
        (Answered(body=b"[" * 100_000, repeat=50), "the body is too long"),
        (Answered(500, b"[" * 100_000, repeat=50), "HTTP 500"),
    ],
    ids=lambda value: value.body[:24].decode("latin-1") or str(value.status) if isinstance(value, Answered) else value,
)
def test_what_may_pass_is_a_failure_that_is_tried_again(answered: Answered, reason: str):
    failure = failure_of(answered)

    assert failure.reason == reason
    assert failure.may_pass
    assert not failure.is_final


@pytest.mark.parametrize(
    ("answered", "reason", "said"),
    [
        (failed(401, f"Incorrect key {KEY}", "invalid_api_key"), "HTTP 401", "invalid_api_key Incorrect key …"),
        (failed(402, "Pay"), "HTTP 402", "Pay"),
        (failed(403), "HTTP 403", "it failed"),
        (failed(404, "no model m"), "HTTP 404", "no model m"),
        (failed(429, "Quota used up", "insufficient_quota"), "HTTP 429", "insufficient_quota Quota used up"),
        (failed(307, location="http://elsewhere.example.com/v1"), "HTTP 307", "go to http://elsewhere.example.com/v1"),
    ],
)
def test_what_every_request_would_get_is_final(answered: Answered, reason: str, said: str):
    failure = failure_of(answered)

    assert (failure.reason, failure.said) == (reason, said)
    assert failure.is_final
    assert not failure.may_pass


def test_a_request_that_the_endpoint_does_not_want_is_not_tried_again():
    failure = failure_of(failed(413, "too large"))

    assert (failure.may_pass, failure.is_final) == (False, False)


def test_no_server_is_no_connection():
    with LlmServer() as server:
        pass

    with pytest.raises(Failure, match="no connection") as caught:
        ask(server)
    assert "refused" in caught.value.said


@pytest.mark.parametrize(
    "answered",
    [Answered(after_s=1.0, body=b"{}"), Answered(body=b" ", repeat=30, pause_s=0.05)],
    ids=["silent", "a byte now and then"],
)
def test_a_slow_answer_ends_after_the_time_given(answered: Answered):
    begun = time.monotonic()

    assert failure_of(answered, timeout_s=0.2).reason == "timed out"
    assert time.monotonic() - begun < 2  # the server would take another second


def test_the_endpoint_says_how_long_to_wait():
    assert failure_of(failed(429, Retry_After="7")).wait_s == 7
    assert failure_of(failed(503, Retry_After=formatdate(time.time() + 60, usegmt=True))).wait_s == pytest.approx(
        60, abs=3
    )
    for nonsense in ("soon", "-3", "nan", "inf"):
        assert failure_of(failed(429, Retry_After=nonsense)).wait_s == 0


def test_the_key_is_in_no_answer():
    with LlmServer(lambda _number, _body: completion(f"Your key is {KEY}.")) as server:
        assert ask(server).text == "Your key is …."


def refusing(*refused: str, said: str) -> Callable[[int, dict[str, Any]], Answered]:
    return lambda _number, body: failed(400, said) if set(refused) & body.keys() else completion("Hello")


@pytest.mark.parametrize(
    ("refused", "said", "missing"),
    [
        ("response_format", "json_schema is not supported", {"response_format"}),
        ("response_format", "bad request", {"response_format"}),
        ("max_tokens", "use 'max_completion_tokens' instead", {"max_tokens"}),
        ("temperature", "temperature is not supported with this model", {"temperature"}),
    ],
)
def test_what_an_endpoint_does_not_understand_is_left_out_from_then_on(refused: str, said: str, missing: set[str]):
    with LlmServer(refusing(refused, said=said)) as server, closing(Endpoint(server.url, None, 5.0)) as endpoint:
        for _ in range(2):
            assert endpoint.ask(ASKED).text == "Hello"

    bodies = [asked.body for asked in server.asked]
    assert [missing - body.keys() for body in bodies] == [set(), missing, missing]
    assert ("max_completion_tokens" in bodies[2]) == ("max_tokens" in missing)


def test_a_single_request_that_is_refused_changes_nothing_for_the_others():
    plan = [failed(400), failed(400), completion("Hello")]
    with LlmServer(lambda number, _body: plan[number - 1]) as server, closing(Endpoint(server.url, None, 5.0)) as one:
        with pytest.raises(Failure, match="HTTP 400"):
            one.ask(ASKED)
        assert one.ask(ASKED).text == "Hello"

    assert ["response_format" in asked.body for asked in server.asked] == [True, False, True]
