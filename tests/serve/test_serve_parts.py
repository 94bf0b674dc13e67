"""What a server is made of, without a server."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from serving import EXAMPLES

from llasa_core.chat.classifiers import Nameless
from llasa_core.chat.known_recording import know, known
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.recording import Recording, Segment
from llasa_core.engine import Engine
from llasa_core.errors import DataError, RunError, UsageError
from llasa_core.model.checkpoint import load_checkpoint, read_checkpoint_config
from llasa_core.model.tiny_lm import SPECIAL
from llasa_core.serve.address import is_loopback, listen, token_for
from llasa_core.serve.classifying import classifying_of
from llasa_core.serve.intake import plain_name
from llasa_core.serve.packages import check_packages
from llasa_core.serve.settings import ServeSettings
from llasa_core.serve.signal_view import signal_view
from llasa_core.serve.store import Store, bytes_of

if TYPE_CHECKING:
    from llasa_core.chat.known_recording import KnownRecording

NAMELESS = Nameless(20.0, 6.0)


def recorded(*parts: tuple[float, int]) -> KnownRecording:
    """Return a recording whose acc_z counts its samples; each part starts at a time and has so many at 20 Hz."""
    ramps = []
    for start_s, n in parts:
        samples = np.zeros((n, 6))
        samples[:, 2] = start_s * 20 + np.arange(n)
        whole = (Segment(0, n, None),)
        ramps.append(Recording(Path("w.csv"), "csv", "csv/w", "w", 20.0, samples, whole, start_s=start_s))
    return known(ramps, NAMELESS)


@pytest.fixture(scope="module")
def ramp() -> KnownRecording:
    return recorded((0.0, 400))


def test_a_signal_is_whole_where_there_are_few_samples(ramp: KnownRecording):
    view = signal_view(ramp, "acc_z", 1.0, 1.2, 100)

    assert view["t"] == [1.0, 1.05, 1.1, 1.15, 1.2]
    assert view["y"] == pytest.approx([20, 21, 22, 23, 24], abs=0.01)
    assert (view["unit"], view["is_envelope"]) == ("m/s²", False)


def test_a_long_signal_keeps_lowest_and_highest_values(ramp: KnownRecording):
    view = signal_view(ramp, "acc_z", None, None, 8)  # 400 samples, 100 for each two points

    assert view["is_envelope"]
    assert view["y"] == pytest.approx([0, 99, 100, 199, 200, 299, 300, 399], abs=0.2)


def test_a_gap_is_a_point_without_a_value():
    view = signal_view(recorded((0.0, 200), (20.0, 200)), "|gyr|", None, None, 4000)

    at = view["y"].index(None)
    assert (view["t"][at - 1], view["t"][at + 1]) == (9.95, 20.0)
    assert view["y"].count(None) == 1


@pytest.mark.parametrize(
    ("name", "start_s", "end_s", "points", "message"),
    [
        ("sound", 0, 1, 10, "there is no signal `sound`"),
        ("|acc|", 5, 5, 10, "nothing lies between 5 s and 5 s"),
        ("|acc|", 0, float("nan"), 10, "nothing lies between 0 s and nan s"),
        ("|acc|", 0, 1, 10**9, "1000000000 points"),
    ],
)
def test_a_view_that_makes_no_sense_is_refused(
    ramp: KnownRecording, name: str, start_s: float, end_s: float, points: int, message: str
):
    with pytest.raises(UsageError) as caught:
        signal_view(ramp, name, start_s, end_s, points)

    assert caught.value.message == message


def test_a_recording_that_nobody_asks_about_is_forgotten(ramp: KnownRecording):
    now = [0.0]
    store = Store(ServeSettings(keep_s=60), clock=lambda: now[0])
    old, used = (store.add(name, "w.csv", 9, ramp).id for name in ("a", "b"))
    now[0] = 59
    store.get(used)
    now[0] = 61

    assert len(store) == 1
    assert store.get(used).file_name == "w.csv"
    with pytest.raises(DataError) as caught:
        store.get(old)
    assert str(caught.value) == (
        f"there is no upload `{old}`; it may have been forgotten\n"
        "  fix:   upload the recording again: it is forgotten after 1 minutes unused, or when others need the room"
    )


def test_a_forgotten_recording_is_no_longer_the_same_as_another(ramp: KnownRecording):
    now = [0.0]
    store = Store(ServeSettings(keep_s=60), clock=lambda: now[0])
    kept = store.add("a", "w.csv", 9, ramp)

    assert store.same_as("a") is kept
    now[0] = 61
    assert store.same_as("a") is None


def test_the_one_that_was_used_longest_ago_makes_room(ramp: KnownRecording):
    store = Store(ServeSettings(most_kept=2))
    first, second = (store.add(name, "w.csv", 9, ramp).id for name in ("a", "b"))
    store.get(first)
    third = store.add("c", "w.csv", 9, ramp).id

    assert {store.get(first).id, store.get(third).id} == {first, third}
    with pytest.raises(DataError):
        store.get(second)


def test_memory_is_bounded(ramp: KnownRecording):
    each = bytes_of(ramp)
    store = Store(ServeSettings(kept_bytes=2 * (each + 20_000)))
    for name in "abcd":
        store.add(name, "w.csv", 9, ramp)

    assert len(store) == 2
    assert each > ramp.stretches[0].samples.nbytes
    with pytest.raises(DataError, match="the recording takes 0 MB of memory, all together may take 0 MB"):
        Store(ServeSettings(kept_bytes=10)).add("a", "w.csv", 9, ramp)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("walk.csv", "walk.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\walk.csv", "walk.csv"),
        ("a\n\x00b.csv", "ab.csv"),
        (None, "recording.csv"),
        ("...", "recording.csv"),
        (".htaccess", "htaccess"),
        ("long" * 99 + ".csv", ("long" * 99 + ".csv")[-100:]),
    ],
)
def test_names_of_clients_lead_nowhere(said: str | None, name: str):
    assert plain_name(said) == name


def test_loopback_is_told_from_all_else():
    assert all(map(is_loopback, ("127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "10.0.0.1", "::", "example.org", "localhost.example.org")))  # noqa: S104


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("", "other machines can reach 0.0.0.0, so clients have to show a token, and there is none"),
        ("secret", "the token has 6 characters; at least 16 are needed"),
        ("secret secret secret", "the token has characters that no header can carry"),
        ("geheim" * 3 + "ü", "the token has characters that no header can carry"),
    ],
)
def test_another_address_demands_a_token(token: str, message: str):
    with pytest.raises(UsageError) as caught:
        token_for("0.0.0.0", {"LLASA_TOKEN": token})  # noqa: S104

    assert caught.value.message == message


def test_on_loopback_a_token_is_a_choice():
    assert token_for("127.0.0.1", {}) is None
    assert token_for("127.0.0.1", {"LLASA_TOKEN": "x" * 16}) == "x" * 16


def test_a_port_that_is_taken_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RunError) as caught:
            listen("127.0.0.1", port)

    assert str(caught.value) == (
        f"the server cannot listen there: address already in use\n  where: 127.0.0.1:{port}\n"
        "  fix:   pass another `--port`, or `--port 0`"
    )


def test_a_missing_extra_is_said_with_the_command():
    with pytest.raises(UsageError) as caught:
        check_packages(lambda name: None if name in {"uvicorn", "python_multipart"} else name)

    assert str(caught.value) == (
        "`llasa serve` needs packages that are not installed: uvicorn, python-multipart\n  where: llasa serve\n"
        "  fix:   pip install 'llasa[serve]'"
    )


def test_without_a_light_head_the_lm_names_the_windows_between_answers(tiny_checkpoint: Path):
    config = read_checkpoint_config(tiny_checkpoint)
    classifying = classifying_of(tiny_checkpoint, config)
    parsed = know(EXAMPLES / "walking.csv", ReadOptions(), classifying.in_parser)

    with Engine(load_checkpoint(tiny_checkpoint, device="cpu")) as engine:
        named = classifying.finished(parsed, engine)

    assert not parsed.names_activities
    assert named.timeline.activities == ("walking", "sitting", "lying")
    assert len(named.timeline.windows) == 3
    assert (named.source_hz, named.timeline.end_s) == (50.0, parsed.timeline.end_s)


def test_texts_of_templates_and_of_people_are_not_mixed_up_in_threads(tiny_checkpoint: Path):
    codec = load_checkpoint(tiny_checkpoint, device="cpu").codec
    mark = SPECIAL[-1]
    expected = {True: 1, False: len(mark)}

    def length(with_special: bool) -> bool:  # noqa: FBT001
        return len(codec.encode(mark, with_special=with_special)) == expected[with_special]

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(length, [True, False] * 2000))
