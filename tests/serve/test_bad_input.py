"""What people and programs do to servers: a clear answer each time, and the others are served."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import socket
import time
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from serving import Running

TEN_GB = 10_000_000_000
NO_QUESTION = 'there is no question; let the last message be a user\'s, such as "What is the person doing?"'
ASK = {"type": "text", "text": "Describe how the person moves."}


@pytest.fixture(autouse=True)
def _others_are_served(server: Running, walk: dict[str, Any]) -> Iterator[None]:
    """After every test here the server is as it was: it answers, it holds nothing, and it has not grown."""
    before = server.memory_mb
    yield
    assert server.comes_to("llasa_active_requests", 1)  # the one that asks
    assert server.comes_to("llasa_engine_answering", 0)
    assert server.chat([walk, ASK], max_tokens=1).status == 200
    assert server.memory_mb < before + 120


def all_of(client: socket.socket) -> bytes:
    """Return what comes until the server closes."""
    parts = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_ten_gigabytes_that_are_announced_are_refused_unread(server: Running):
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(f"POST /uploads HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {TEN_GB}\r\n\r\n".encode())

        answer = all_of(client).decode()

    assert answer.startswith("HTTP/1.1 413 ")
    assert "a body of 10,000 MB is larger than 3 MB; send a shorter recording, or a part of it" in answer


def test_ten_gigabytes_that_are_not_announced_are_refused_on_the_way(server: Running):
    block = b"1" * 65536
    sent = 0
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(b"POST /uploads HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while sent < TEN_GB:
                client.sendall(b"10000\r\n" + block + b"\r\n")
                sent += len(block)
    assert sent < 3e9  # it reads on for a second, so that whoever listens sees the refusal


def test_a_refusal_is_seen_by_who_is_still_sending(server: Running):
    answer = server.upload(b"1" * 4_000_000)

    assert answer.status == 413
    assert answer.error == "a body of 4 MB is larger than 3 MB; send a shorter recording, or a part of it"


def test_a_zip_bomb_ends_its_reader_and_nothing_else(server: Running):
    packed = io.BytesIO()
    row = b"0.1,9.8,0.1,0.01,0.02,0.03\n"
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("w.csv", "w") as file,
    ):
        file.write(b"acc_x,acc_y,acc_z,gyr_x (rad/s),gyr_y (rad/s),gyr_z (rad/s)\n")
        for _ in range(300):
            file.write(row * 32768)  # 265 MB in all, from 1.2 MB

    answer = server.upload(packed.getvalue(), "bomb.zip", "&rate=50")

    assert answer.status == 400
    assert answer.error.startswith("reading this file takes "), answer.error  # too long, or too much memory


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (bytes(range(256)) * 400, "noise.csv"),
        (b"a,b,c\nx,y,z\n" * 1000, "words.csv"),
        (b"PK\x03\x04" + b"\0" * 500, "broken.zip"),
        (b'{"acc": [' * 2000, "deep.json"),
        (b"\n" * 5000, "empty.csv"),
    ],
)
def test_garbage_is_refused_with_a_reason(server: Running, content: bytes, name: str):
    answer = server.upload(content, name)

    assert answer.status == 400
    assert len(answer.error) > 20
    assert "/tmp" not in answer.body.decode()  # noqa: S108 - where it lay on the server is nobody's business
    assert "llasa-serve-" not in answer.body.decode()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (50, "no second without a gap in 50 rows; record again, longer and with both sensors"),
        (100, "the recording lasts 2.0 s, the model needs 6 s; ask about a longer recording"),
    ],
)
def test_a_second_or_two_are_too_short(server: Running, walking: bytes, rows: int, message: str):
    answer = server.upload(b"".join(walking.splitlines(keepends=True)[: rows + 1]))

    assert (answer.status, answer.error) == (400, message)


def test_a_thousand_at_once_are_all_answered(server: Running, walk: dict[str, Any]):
    body = json.dumps({"messages": [{"role": "user", "content": [walk, ASK]}], "max_tokens": 2}).encode()
    request = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        b"connection: close\r\ncontent-length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )

    with contextlib.ExitStack() as open_ones:
        asking = []
        for _ in range(1000):  # each sends at once, so that none is late, and all wait at the same time
            connection = open_ones.enter_context(socket.create_connection(server.address, timeout=120))
            connection.sendall(request)
            asking.append(connection)
        answers = [_whole_answer(connection) for connection in asking]

    counts = Counter(int(answer.split(b" ", 2)[1]) for answer in answers)
    assert set(counts) == {200, 429}
    assert counts[200] >= 4
    assert all(b"retry-after:" in answer.lower() for answer in answers if b" 429 " in answer[:20])


def _whole_answer(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as answer:
        return answer.read()


def test_who_does_not_get_in_is_told_when_to_come_again(server: Running, walk: dict[str, Any]):
    with contextlib.ExitStack() as streams:
        for _ in range(10):
            streams.enter_context(server.stream([walk, ASK], max_tokens=1500))

        answer = server.chat([walk, ASK])

    assert answer.status == 429
    assert answer.headers["retry-after"] == "2"
    assert answer.error == "6 requests wait already; try again in a few seconds"


def test_an_answer_is_given_up_when_its_reader_leaves(server: Running, walk: dict[str, Any]):
    with server.stream([walk, ASK], max_tokens=1500) as stream:
        stream.readline()
        assert server.comes_to("llasa_engine_answering", 1)

    assert server.comes_to("llasa_engine_answering", 0, within_s=5)


def test_an_answer_is_given_up_when_who_waits_for_all_of_it_leaves(server: Running, walk: dict[str, Any]):
    body = json.dumps({"messages": [{"role": "user", "content": [walk, ASK]}], "max_tokens": 1500}).encode()
    with socket.create_connection(server.address) as client:
        head = "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: "
        client.sendall(f"{head}{len(body)}\r\n\r\n".encode() + body)
        assert server.comes_to("llasa_engine_answering", 1)

    assert server.comes_to("llasa_engine_answering", 0, within_s=5)


def test_headers_that_never_end_are_not_waited_for(server: Running):
    begun = time.monotonic()
    clients = [socket.create_connection(server.address, timeout=10) for _ in range(20)]
    for client in clients:
        client.sendall(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ")
    assert server.get("/health").status == 200
    answers = [all_of(client) for client in clients]

    assert time.monotonic() - begun < 5
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
    assert b"the request's headers did not come in time; try again" in answers[0]
    for client in clients:
        client.close()


def test_a_connection_that_says_nothing_is_closed(server: Running):
    with socket.create_connection(server.address, timeout=10) as client:
        assert all_of(client).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_never_comes_is_not_waited_for(server: Running):
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(b"POST /uploads HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\n1,2,3\n")

        answer = all_of(client)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"the request's body did not come in time; send it again, faster and without a pause" in answer


def test_a_body_that_drips_is_not_waited_for(server: Running):
    begun = time.monotonic()
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(b"POST /uploads HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\n")
        client.settimeout(0.2)
        answer = b""
        while not answer and time.monotonic() - begun < 10:  # never a pause of two seconds
            client.sendall(b"1")
            with contextlib.suppress(TimeoutError):
                answer = client.recv(1000)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun < 6


def test_who_takes_nothing_of_an_answer_is_given_up(server: Running):
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(server.address)
        client.sendall(b"GET /static/plotly.min.js HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n" * 3)  # 15 MB
        assert server.comes_to("llasa_active_requests", 2)

        assert server.comes_to("llasa_active_requests", 1, within_s=5)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "the body is no JSON; send what OpenAI's client does"),
        (b"[1]", "the body is no JSON object; send `messages` as OpenAI's client does"),
        (b"[" * 40_000, "the body is no JSON; send what OpenAI's client does"),
        (b"[" * 60_000, "the body holds too many objects; send a recording as text, or as a file"),
        (b'{"messages": []}', "`messages`: List should have at least 1 item after validation, not 0"),
        (b'{"messages": [{"role": "user"}]}', NO_QUESTION),
    ],
)  # fmt: skip
def test_a_request_that_is_none_is_refused(server: Running, body: bytes, message: str):
    answer = server.ask("POST", "/v1/chat/completions", body, content_type="application/json")

    assert (answer.status, answer.error) == (400, message)


def test_a_refusal_keeps_a_connection_whose_request_was_whole(server: Running):
    with contextlib.closing(http.client.HTTPConnection(*server.address, timeout=60)) as connection:
        begun = time.monotonic()
        for _ in range(20):
            connection.request("POST", "/v1/chat/completions", "{")
            answer = connection.getresponse()
            assert (answer.status, answer.getheader("connection")) == (400, None)
            answer.read()

    assert time.monotonic() - begun < 10  # it would linger a second each


def test_what_is_no_http_is_refused(server: Running):
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")

        assert all_of(client).startswith(b"HTTP/1.1 400 ")


def test_a_conversation_that_is_too_long_is_refused(server: Running, walk: dict[str, Any]):
    answer = server.chat([walk, {"type": "text", "text": "why " * 5000}])

    assert answer.status == 400
    assert answer.json["error"]["code"] == "context_length_exceeded"
    assert answer.error == (
        "the conversation has 19999 characters, recordings left out; 16000 are read; leave out its oldest messages"
    )


def test_told_to_stop_it_refuses_what_comes_and_ends_what_goes_on(
    start_server: Callable[..., Running], tiny_with_head: Path, walking: bytes
):
    server = start_server(tiny_with_head)
    part = {"type": "file", "file": {"file_id": server.upload(walking).json["id"]}}
    with server.stream([part, ASK], max_tokens=1500) as stream:
        stream.readline()

        server.process.terminate()
        time.sleep(0.3)
        refused = server.chat([part, ASK])
        rest = stream.read().decode()
    server.process.join(20)

    assert (refused.status, refused.error) == (503, "the server is closing; try again later")
    assert "the server is closing" in rest or rest.endswith("data: [DONE]\n\n")
    assert server.process.exitcode == 0
