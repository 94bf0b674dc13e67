from __future__ import annotations

import hashlib
import io
import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from llasa_core.data.download import download
from llasa_core.data.fetch import MIRROR_VARIABLE, address_of, fetch_dataset, find_dataset, is_there
from llasa_core.data.known_datasets import KNOWN_DATASETS, KnownDataset, RemoteFile
from llasa_core.errors import InterruptedRun, RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = b"PK\x03\x04" + bytes(range(256)) * 4000 + b"PK\x05\x06" + bytes(18)
"""Begins and ends as a zip does."""
N = len(CONTENT)
AT_ONCE = (0.0, 0.0, 0.0)
"""Three more tries, without pauses."""


@dataclass
class Answer:
    """How the server answers one request; the last one in its list is how it answers all further ones."""

    content: bytes = CONTENT
    sends: int | None = None
    """Bytes of the body after which it breaks off."""
    etag: str | None = '"one"'
    modified: str | None = None
    status: int = 200
    knows_ranges: bool = True
    claims: int | None = None
    """A length that is not the body's."""
    says_length: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0.0
    """Before the body."""


@dataclass
class Server:
    """A server whose answers are set by the test."""

    address: str
    answers: list[Answer]
    asked: list[dict[str, str | None]]
    """The headers of each request that matter."""


@contextmanager
def serving(*answers: Answer) -> Iterator[Server]:
    """Run a real HTTP server on this machine."""
    server = Server("", list(answers), [])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
            asked = {name: self.headers.get(name) for name in ("Range", "If-Range")}
            server.asked.append({"path": self.path, **asked})
            _give(self, answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Say nothing of clients that have seen enough."""

    with Quiet(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        server.address = f"http://127.0.0.1:{http.server_port}"
        try:
            yield server
        finally:
            http.shutdown()


def _give(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    body, status, headers = answer.content, answer.status, dict(answer.headers)
    begin, total = 0, answer.claims or len(body)
    asked, if_range = handler.headers.get("Range"), handler.headers.get("If-Range")
    if status == 200 and asked and answer.knows_ranges and if_range in (answer.etag, answer.modified):
        begin = int(asked.removeprefix("bytes=").partition("-")[0])
        status, body = 206, body[begin:]
        headers.setdefault("Content-Range", f"bytes {begin}-{total - 1}/{total}")
    handler.send_response(status)
    tags = {"ETag": answer.etag, "Last-Modified": answer.modified}
    length = {"Content-Length": str(total - begin)} if answer.says_length else {}
    for name, value in {**length, **tags, **headers}.items():
        if value is not None:
            handler.send_header(name, value)
    handler.end_headers()
    threading.Event().wait(answer.pause_s)
    handler.wfile.write(body if answer.sends is None else body[: answer.sends])


def dataset_at(address: str, sha256: str | None = None, **changes: Any) -> KnownDataset:
    """Return a dataset of one file at an address."""
    one = KnownDataset(
        name="walks",
        title="Walks",
        page="https://walks.example",
        licence="CC0",
        rate="50 Hz",
        labels="walking",
        citation="Nobody 2020",
        files=(RemoteFile("walks.zip", f"{address}/walks.zip", sha256),),
    )
    return replace(one, **changes)


def refusal(dataset: KnownDataset, folder: Path) -> str:
    """Return the whole message with which fetching ends."""
    with pytest.raises((RunError, UsageError)) as caught:
        fetch_dataset(dataset, folder, waits_s=AT_ONCE)
    return str(caught.value)


# what goes well


def test_a_file_is_fetched_and_recorded(tmp_path: Path):
    told = []
    with serving(Answer()) as server:
        dataset = dataset_at(server.address)
        fetched = fetch_dataset(dataset, tmp_path / "new", lambda *words: told.append(words))

    folder = tmp_path / "new"
    assert (folder / "walks.zip").read_bytes() == CONTENT
    assert sorted(file.name for file in folder.iterdir()) == ["walks.json", "walks.zip"]
    record = json.loads((folder / "walks.json").read_text())
    entry = record["files"][0]
    assert {key: record[key] for key in ("name", "title", "page", "licence", "citation")} == {
        "name": "walks",
        "title": "Walks",
        "page": "https://walks.example",
        "licence": "CC0",
        "citation": "Nobody 2020",
    }
    assert entry == {
        "file": "walks.zip",
        "address": f"{server.address}/walks.zip",
        "bytes": N,
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "fetched": entry["fetched"],
    }
    assert entry["fetched"].endswith("+00:00")
    assert told[-1] == (N, N, "walks.zip")
    assert not fetched.was_there
    assert str(fetched) == (
        f"walks was fetched: {folder}/walks.zip\nnext: llasa prepare-data {folder}/walks.zip --out data/walks"
    )


def test_what_is_there_whole_is_not_fetched_again(tmp_path: Path):
    with serving(Answer()) as server:
        dataset = dataset_at(server.address)
        assert not is_there(dataset, tmp_path)
        first = fetch_dataset(dataset, tmp_path)
        assert is_there(dataset, tmp_path)
        again = fetch_dataset(dataset, tmp_path)

    assert len(server.asked) == 1
    assert again.was_there
    assert str(again).startswith(f"walks is already there: {tmp_path}/walks.zip\n")
    assert again.files == first.files


def test_the_address_can_be_a_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with serving(Answer()) as server:
        monkeypatch.setenv(MIRROR_VARIABLE, f"{server.address}/copies/")
        fetch_dataset(dataset_at("https://official.invalid"), tmp_path)

    assert server.asked[0]["path"] == "/copies/walks.zip"


def test_proxies_are_taken_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with serving(Answer()) as server:
        monkeypatch.setenv("http_proxy", server.address)
        monkeypatch.delenv("no_proxy", raising=False)
        fetch_dataset(dataset_at("http://official.invalid"), tmp_path)

    assert server.asked[0]["path"] == "http://official.invalid/walks.zip"


def test_a_dataset_of_several_files_gets_a_folder(tmp_path: Path):
    names = ("walks/a/data.npy", "walks/b/data.npy")
    with serving(Answer(content=b"\x93NUMPY 1")) as server:
        files = tuple(RemoteFile(name, f"{server.address}/{name}") for name in names)
        fetched = fetch_dataset(dataset_at("", files=files), tmp_path)

    assert [(tmp_path / name).read_bytes() for name in names] == [b"\x93NUMPY 1"] * 2
    assert fetched.path == tmp_path / "walks"
    assert [file.file for file in fetched.files] == [*names]


def test_a_rar_has_to_be_unpacked_next(tmp_path: Path):
    with serving(Answer(content=b"Rar!\x1a\x07")) as server:
        files = (RemoteFile("walks.rar", f"{server.address}/x"),)
        fetched = fetch_dataset(dataset_at("", files=files), tmp_path)

    assert fetched.next_command == (
        f"unar -o {tmp_path}/walks {tmp_path}/walks.rar && llasa prepare-data {tmp_path}/walks --out data/walks"
    )


def test_a_redirect_is_followed(tmp_path: Path):
    with serving(Answer()) as there, serving(Answer(status=302, headers={"Location": f"{there.address}/new"})) as here:
        fetch_dataset(dataset_at(here.address), tmp_path)

    assert there.asked[0]["path"] == "/new"
    assert (tmp_path / "walks.zip").read_bytes() == CONTENT


# connections that break off


@pytest.mark.parametrize("tags", [{"etag": '"one"'}, {"etag": None, "modified": "Mon, 01 Jan 2024 00:00:00 GMT"}])
def test_a_download_that_breaks_off_goes_on_in_the_middle(tmp_path: Path, tags: dict[str, str | None]):
    broken = Answer(sends=300_000, **tags)  # type: ignore[arg-type] # the test names them
    with serving(broken, broken, broken, broken, broken, broken) as server:  # N is 1,024,026: four pieces
        fetch_dataset(dataset_at(server.address), tmp_path, waits_s=(0.0,))

    assert (tmp_path / "walks.zip").read_bytes() == CONTENT
    tag = next(value for value in tags.values() if value)
    assert [asked["Range"] for asked in server.asked] == [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"]
    assert [asked["If-Range"] for asked in server.asked] == [None, tag, tag, tag]


def test_the_same_command_goes_on_where_the_last_one_ended(tmp_path: Path):
    with serving(Answer(sends=400_000), Answer(sends=0)) as server:
        dataset = dataset_at(server.address)
        assert refusal(dataset, tmp_path) == (
            "walks.zip was not fetched: the connection broke off\n"
            f"  where: {server.address}/walks.zip\n"
            f"  fix:   run the same command again: 400000 of {N} bytes are kept"
        )
        assert (tmp_path / "walks.zip.part").read_bytes() == CONTENT[:400_000]
        assert not (tmp_path / "walks.zip").exists()
        assert len(server.asked) == 1 + len(AT_ONCE) + 1
        server.answers[:] = [Answer()]
        fetch_dataset(dataset, tmp_path)

    assert server.asked[-1]["Range"] == "bytes=400000-"
    assert (tmp_path / "walks.zip").read_bytes() == CONTENT
    assert sorted(file.name for file in tmp_path.iterdir()) == ["walks.json", "walks.zip"]


def test_a_file_that_changed_meanwhile_is_begun_anew(tmp_path: Path):
    new = CONTENT[:4] + bytes(1000) + CONTENT[-22:]
    with serving(Answer(sends=500_000), Answer(content=new, etag='"two"')) as server:
        fetch_dataset(dataset_at(server.address), tmp_path, waits_s=AT_ONCE)

    assert server.asked[1]["If-Range"] == '"one"'
    assert (tmp_path / "walks.zip").read_bytes() == new


def test_a_server_that_mixes_two_versions_is_not_believed(tmp_path: Path):
    other = Answer(content=bytes(N), etag='"one"', headers={"ETag": '"two"'})  # gives its part all the same
    with serving(Answer(sends=500_000), other, Answer()) as server:
        fetch_dataset(dataset_at(server.address), tmp_path, waits_s=AT_ONCE)

    assert [asked["Range"] for asked in server.asked] == [None, "bytes=500000-", None]
    assert (tmp_path / "walks.zip").read_bytes() == CONTENT


def test_a_server_that_sends_another_part_is_not_believed(tmp_path: Path):
    other = Answer(headers={"Content-Range": f"bytes 7-{N - 1}/{N}"})
    with serving(Answer(sends=500_000), other, Answer()) as server:
        fetch_dataset(dataset_at(server.address), tmp_path, waits_s=AT_ONCE)

    assert (tmp_path / "walks.zip").read_bytes() == CONTENT


def test_a_server_without_ranges_begins_anew(tmp_path: Path):
    with serving(Answer(sends=500_000, knows_ranges=False), Answer(knows_ranges=False)) as server:
        fetch_dataset(dataset_at(server.address), tmp_path, waits_s=AT_ONCE)

    assert server.asked[1]["Range"] == "bytes=500000-"
    assert (tmp_path / "walks.zip").read_bytes() == CONTENT


def test_nothing_is_continued_that_has_no_version(tmp_path: Path):
    nameless = Answer(sends=500_000, etag=None)
    with serving(nameless) as server:
        assert refusal(dataset_at(server.address), tmp_path) == (
            "walks.zip was not fetched: the connection broke off\n"
            f"  where: {server.address}/walks.zip\n"
            "  fix:   run the same command again: nothing is kept, because the server does not say which version of "
            "the file it has"
        )
        assert {asked["Range"] for asked in server.asked} == {None}


def test_a_part_that_the_server_does_not_know_is_begun_anew(tmp_path: Path):
    with serving(Answer(sends=500_000), Answer(status=416), Answer()) as server:
        fetch_dataset(dataset_at(server.address), tmp_path, waits_s=AT_ONCE)

    assert [asked["Range"] for asked in server.asked] == [None, "bytes=500000-", None]
    assert (tmp_path / "walks.zip").read_bytes() == CONTENT


def test_a_part_that_is_whole_is_not_asked_for(tmp_path: Path):
    with serving(Answer()) as server:
        part = download(f"{server.address}/walks.zip", tmp_path / "walks.zip", page="")
        assert part == tmp_path / "walks.zip.part"
        fetch_dataset(dataset_at(server.address), tmp_path)

    assert len(server.asked) == 1
    assert (tmp_path / "walks.zip").read_bytes() == CONTENT


def test_a_server_that_is_busy_is_asked_again(tmp_path: Path):
    busy = Answer(status=503, content=b"", headers={"Retry-After": "0"})
    with serving(Answer(status=500), busy, Answer(status=429), Answer()) as server:
        fetch_dataset(dataset_at(server.address), tmp_path, waits_s=AT_ONCE)

    assert len(server.asked) == 4


def test_a_server_that_stays_busy_is_an_error(tmp_path: Path):
    with serving(Answer(status=500)) as server:
        assert refusal(dataset_at(server.address), tmp_path) == (
            "walks.zip was not fetched: the server answers 500 Internal Server Error\n"
            f"  where: {server.address}/walks.zip\n"
            "  fix:   check the connection, or run the same command again later"
        )


def test_no_server_is_an_error(tmp_path: Path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # taken, and nobody listens
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        message = refusal(dataset_at(address), tmp_path)

    assert message == (
        "walks.zip was not fetched: connection refused\n"
        f"  where: {address}/walks.zip\n"
        "  fix:   check the connection, or run the same command again later"
    )


def test_a_server_that_falls_silent_is_asked_again(tmp_path: Path):
    with serving(Answer(pause_s=2.0), Answer()) as server:
        part = download(f"{server.address}/walks.zip", tmp_path / "walks.zip", page="", waits_s=(0.0,), silence_s=0.2)

    assert len(server.asked) == 2
    assert part.read_bytes() == CONTENT


def test_ctrl_c_keeps_what_came(tmp_path: Path):
    def press_ctrl_c(done: int, _total: int | None, _file: str) -> None:
        if done >= 500_000:
            raise KeyboardInterrupt

    with serving(Answer()) as server:
        dataset = dataset_at(server.address)
        with pytest.raises(InterruptedRun) as caught:
            fetch_dataset(dataset, tmp_path, press_ctrl_c)
        kept = (tmp_path / "walks.zip.part").stat().st_size
        fetch_dataset(dataset, tmp_path)

    assert kept >= 500_000
    assert str(caught.value) == (
        f"interrupted: {kept} of {N} bytes are kept\n  fix:   run the same command again to go on"
    )
    assert server.asked[1]["Range"] == f"bytes={kept}-"
    assert (tmp_path / "walks.zip").read_bytes() == CONTENT


# what is refused


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "404 Not Found; it is no longer at this address"),
        (410, "410 Gone; it is no longer at this address"),
        (403, "403 Forbidden; it does not give the file"),
    ],
)
def test_a_file_that_is_not_given_is_an_error_at_once(tmp_path: Path, status: int, words: str):
    with serving(Answer(status=status)) as server:
        assert refusal(dataset_at(server.address), tmp_path) == (
            f"walks.zip was not fetched: the server answers {words}\n"
            f"  where: {server.address}/walks.zip\n"
            "  fix:   look for it on https://walks.example; `llasa prepare-data` takes the file that a browser "
            "downloads"
        )
        assert len(server.asked) == 1


def test_a_page_instead_of_a_file_is_refused_before_all_of_it_came(tmp_path: Path):
    page = Answer(content=b"<!DOCTYPE html><html>Log in" * 100_000, headers={"Content-Type": "text/html"})
    with serving(page) as server:
        assert refusal(dataset_at(server.address), tmp_path) == (
            "walks.zip was not fetched: the server sent something else (text/html, it begins with "
            "'<!DOCTYPE html><html')\n"
            f"  where: {server.address}/walks.zip\n"
            "  fix:   look for it on https://walks.example; `llasa prepare-data` takes the file that a browser "
            "downloads"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_length_that_is_too_long_is_a_connection_that_broke_off(tmp_path: Path):
    with serving(Answer(claims=N + 10)) as server:
        message = refusal(dataset_at(server.address), tmp_path)

    assert message.splitlines()[0] == "walks.zip was not fetched: the connection broke off"


@pytest.mark.parametrize("lie", [{"claims": N - 100}, {"says_length": False, "sends": N - 100}])
def test_a_zip_without_its_end_is_refused(tmp_path: Path, lie: dict[str, Any]):
    with serving(Answer(**lie)) as server:
        assert refusal(dataset_at(server.address), tmp_path) == (
            f"walks.zip is not a whole zip: the server ended it after {N - 100} bytes\n"
            f"  where: {server.address}/walks.zip\n"
            "  fix:   run the same command again"
        )
    assert list(tmp_path.iterdir()) == []


def test_an_empty_answer_is_no_file(tmp_path: Path):
    with serving(Answer(content=b"", says_length=False)) as server:
        message = refusal(dataset_at(server.address), tmp_path)

    assert message.splitlines()[0] == "walks.zip was not fetched: the connection broke off"


def test_another_file_than_the_known_one_is_refused(tmp_path: Path):
    found = hashlib.sha256(CONTENT).hexdigest()[:12]
    with serving(Answer()) as server:
        assert refusal(dataset_at(server.address, sha256="0" * 64), tmp_path) == (
            f"walks.zip is not the file that is expected: sha256 {found}…, not 000000000000…; it was changed since "
            "this llasa was made, or on the way\n"
            f"  where: {server.address}/walks.zip\n"
            "  fix:   see what https://walks.example says; `llasa prepare-data` takes any version"
        )
    assert list(tmp_path.iterdir()) == []


def test_the_known_file_is_taken(tmp_path: Path):
    with serving(Answer(etag=None, says_length=False)) as server:
        dataset = dataset_at(server.address, sha256=hashlib.sha256(CONTENT).hexdigest())

        assert not fetch_dataset(dataset, tmp_path).was_there


def test_another_file_than_was_fetched_first_is_refused(tmp_path: Path):
    with serving(Answer(), Answer(content=CONTENT[:4] + CONTENT[-22:])) as server:
        dataset = dataset_at(server.address)
        first = fetch_dataset(dataset, tmp_path).files[0].sha256
        (tmp_path / "walks.zip").unlink()
        found = hashlib.sha256(CONTENT[:4] + CONTENT[-22:]).hexdigest()

        assert refusal(dataset, tmp_path) == (
            f"walks.zip is not the file that is expected: sha256 {found[:12]}…, not {first[:12]}…; it was changed "
            "since it was fetched before, or on the way\n"
            f"  where: {server.address}/walks.zip\n"
            f"  fix:   see what https://walks.example says, and remove {tmp_path}/walks.json to take the new one"
        )


def test_a_file_that_was_changed_here_is_refused(tmp_path: Path):
    with serving(Answer()) as server:
        dataset = dataset_at(server.address)
        first = fetch_dataset(dataset, tmp_path).files[0].sha256
        (tmp_path / "walks.zip").write_bytes(b"x" * N)
        found = hashlib.sha256(b"x" * N).hexdigest()

        assert refusal(dataset, tmp_path) == (
            f"the file was changed since it was fetched: sha256 {found[:12]}…, not {first[:12]}…\n"
            f"  where: {tmp_path}/walks.zip\n"
            "  fix:   remove it and run the same command again"
        )


def test_a_file_of_somebody_else_is_not_written_over(tmp_path: Path):
    (tmp_path / "walks.zip").write_bytes(b"mine")

    assert refusal(dataset_at("http://127.0.0.1:1"), tmp_path) == (
        "there is a file here that was not fetched\n"
        f"  where: {tmp_path}/walks.zip\n"
        "  fix:   remove it, or pass another `--out`; if it is the dataset, `llasa prepare-data` takes it as it is"
    )
    assert (tmp_path / "walks.zip").read_bytes() == b"mine"


def test_a_record_of_something_else_is_not_written_over(tmp_path: Path):
    (tmp_path / "walks.json").write_text("[]")

    assert refusal(dataset_at("http://127.0.0.1:1"), tmp_path) == (
        "this is no record of what was fetched\n"
        f"  where: {tmp_path}/walks.json\n"
        "  fix:   remove it, or pass another `--out`"
    )


def test_a_disk_that_is_too_small_is_found_before(tmp_path: Path):
    message = refusal(dataset_at("http://127.0.0.1:1", megabytes=10**9), tmp_path)

    first, where, fix = message.splitlines()
    assert first.startswith("the disk is too small: walks needs 1000000050 MB, ")
    assert first.endswith(" MB are free")
    assert where == f"  where: {tmp_path}"
    assert fix == "  fix:   free some space, or pass `--out` with a folder on another disk"


def test_a_disk_that_is_too_small_for_what_the_server_says_is_found_before(tmp_path: Path):
    with serving(Answer(claims=10**15)) as server:
        first, where, fix = refusal(dataset_at(server.address), tmp_path).splitlines()

    assert first.startswith("the disk is too small: 1000000000 MB are missing, ")
    assert where == f"  where: {server.address}/walks.zip"
    assert fix == "  fix:   free some space and run the same command again, or pass another `--out`"


@pytest.mark.parametrize("address", ["file:///etc", "ftp://walks.example", "walks.example"])
def test_only_the_web_is_fetched_from(tmp_path: Path, address: str):
    assert refusal(dataset_at(address), tmp_path) == (
        f"only http and https are fetched\n  where: {address}/walks.zip\n  fix:   name an address of that kind"
    )


def test_a_redirect_out_of_the_web_is_not_followed(tmp_path: Path):
    with serving(Answer(status=302, headers={"Location": "ftp://walks.example/x"})) as server:
        message = refusal(dataset_at(server.address), tmp_path)

    assert message == (
        "the server leads from http to ftp, which is not followed\n"
        "  where: ftp://walks.example/x\n"
        "  fix:   look for the file on the dataset's page"
    )


def test_a_redirect_from_https_to_http_is_not_followed():
    import urllib.request  # noqa: PLC0415 - for this test only

    from llasa_core.data.download import _SameSafety  # noqa: PLC0415

    request = urllib.request.Request("https://walks.example/a")

    with pytest.raises(RunError) as caught:
        _SameSafety().redirect_request(request, io.BytesIO(), 302, "Found", {}, "http://walks.example/b")
    assert str(caught.value) == (
        "the server leads from https to http, which is not followed\n"
        "  where: http://walks.example/b\n"
        "  fix:   look for the file on the dataset's page"
    )


def test_two_fetches_of_one_dataset_do_not_mix(tmp_path: Path):
    second = []

    def fetch_again(_done: int, _total: int | None, _file: str) -> None:
        if not second:
            second.append("")
            second[0] = refusal(dataset, tmp_path)

    with serving(Answer()) as server:
        dataset = dataset_at(server.address)
        fetch_dataset(dataset, tmp_path, fetch_again)

    assert second[0] == (
        "another process is fetching walks to this folder\n"
        f"  where: {tmp_path}/.walks.lock\n"
        "  fix:   wait until it is done, then run the same command again"
    )


# the list of datasets


def test_the_list_is_whole():
    from typing import get_args  # noqa: PLC0415 - for this test only

    from llasa_core.data.read_options import FormatName  # noqa: PLC0415

    names = [dataset.name for dataset in KNOWN_DATASETS]
    assert len(set(names)) == len(names) == 16
    assert set(names) <= set(get_args(FormatName))  # each has a reader of its name
    for dataset in KNOWN_DATASETS:
        assert dataset.is_by_hand == bool(dataset.how_to_get)
        for file in dataset.files:
            assert file.address.startswith(("https://", "http://wifo5-14.informatik.uni-mannheim.de/"))
            assert address_of(file) == file.address
            assert file.sha256 is None or len(bytes.fromhex(file.sha256)) == 32


def test_a_dataset_that_is_given_out_by_hand_gets_instructions():
    with pytest.raises(UsageError) as caught:
        find_dataset("mobiact")

    assert str(caught.value) == (
        "MobiAct is given out by hand (for research, by request)\n"
        "  where: https://bmi.hmu.gr/the-mobifall-and-mobiact-datasets-2/\n"
        "  fix:   fill in the request form on its page; the authors send a link, then run `llasa prepare-data FOLDER "
        "--out data/mobiact`"
    )


@pytest.mark.parametrize(
    ("name", "meant"), [("motion-sense", "; did you mean `motionsense`?"), ("smollm", "; did you mean `smollm2`?")]
)
def test_a_name_that_is_not_known_is_refused(name: str, meant: str):
    with pytest.raises(UsageError) as caught:
        find_dataset(name, ["smollm2"])

    assert str(caught.value) == (
        f"`{name}` is nothing that can be fetched by name{meant}\n  fix:   `llasa fetch --list` shows what can be"
    )
