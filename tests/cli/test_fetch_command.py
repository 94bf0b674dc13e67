from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from llasa_cli.app import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder whose files a local server gives instead of those of the datasets' own."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    folder = tmp_path / "mirror"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as http:
        threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setenv("LLASA_FETCH_MIRROR", f"http://127.0.0.1:{http.server_port}")
        monkeypatch.chdir(tmp_path)
        yield folder
        http.shutdown()


def usc_had_in(folder: Path) -> int:
    """Write a zip that stands for a dataset without a known sha256, and return its size."""
    with zipfile.ZipFile(folder / "usc-had.zip", "w") as archive:
        archive.writestr("Subject1/a1t1.mat", b"x")
    return (folder / "usc-had.zip").stat().st_size


def test_a_dataset_is_announced_fetched_and_what_comes_next_is_shown(mirror: Path, capsys: pytest.CaptureFixture[str]):
    usc_had_in(mirror)

    assert main(["fetch", "usc-had"]) == 0
    out, err = capsys.readouterr()
    assert out == (
        "usc-had was fetched: downloads/usc-had.zip\n"
        "next: llasa prepare-data downloads/usc-had.zip --out data/usc-had\n"
    )
    assert err == (
        "USC-HAD: USC Human Activity Dataset\n"
        "  licence: free for research\n"
        "  cite:    Zhang and Sawchuk, UbiComp Workshop SAGAware 2012\n"
        "  size:    not known before\n"
        f"  from:    {os.environ['LLASA_FETCH_MIRROR']}/usc-had.zip\n"
        "  to:      downloads\n"
    )

    assert main(["fetch", "usc-had"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("usc-had is already there: downloads/usc-had.zip\n")
    assert err == ""


def test_json_says_what_was_fetched(mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    size = usc_had_in(mirror)

    assert main(["fetch", "usc-had", "--out", str(tmp_path / "d"), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["path"] == str(tmp_path / "d" / "usc-had.zip")
    assert (shown["name"], shown["bytes"], shown["was_there"]) == ("usc-had", size, False)
    assert (
        shown["files"][0]["sha256"] == json.loads((tmp_path / "d" / "usc-had.json").read_text())["files"][0]["sha256"]
    )
    assert shown["next"] == f"llasa prepare-data {tmp_path}/d/usc-had.zip --out data/usc-had"


def test_what_the_server_does_not_have_ends_with_1(mirror: Path, capsys: pytest.CaptureFixture[str]):
    assert mirror.is_dir()

    assert main(["fetch", "usc-had", "--json"]) == 1
    assert json.loads(capsys.readouterr().err.splitlines()[-1]) == {
        "error": "usc-had.zip was not fetched: the server answers 404 File not found; it is no longer at this address",
        "where": f"{os.environ['LLASA_FETCH_MIRROR']}/usc-had.zip",
        "fix": "look for it on https://sipi.usc.edu/had/; `llasa prepare-data` takes the file that a browser downloads",
    }


def test_what_is_given_out_by_hand_ends_with_2_and_the_way(capsys: pytest.CaptureFixture[str]):
    assert main(["fetch", "shl"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "error: SHL: Sussex-Huawei Locomotion is given out by hand (for research, not for profit; no redistribution)\n"
        "  where: http://www.shl-dataset.org/download/\n"
        "  fix:   accept the terms on its page and download the parts there, then run `llasa prepare-data FOLDER --out "
        "data/shl`\n"
    )


def test_the_list_shows_each_with_its_terms(capsys: pytest.CaptureFixture[str]):
    assert main(["fetch", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert lines[0].split() == ["name", "size", "rate", "get", "licence"]
    at = next(number for number, line in enumerate(lines) if line.startswith("pamap2 "))
    assert lines[at].split(maxsplit=6) == ["pamap2", "656", "MB", "100", "Hz", "download", "CC BY 4.0"]
    assert lines[at + 1 : at + 3] == [
        "  PAMAP2: Physical Activity Monitoring",
        "  walking, climbing stairs, descending stairs, sitting, standing, lying, jogging, biking",
    ]
    assert any(line.startswith("smollm2-135m ") for line in lines)
    assert lines[-1] == "`llasa fetch NAME` fetches one of them"


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]):
    assert main(["fetch", "--list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["fetchable"]}

    assert rows["hapt"]["files"][0]["sha256"] == "4ac4ae064227c07045a99551876b54d204837e995e298b6488559e209b3deb09"
    assert [name for name, row in rows.items() if row["by_hand"]] == ["shl", "mobiact"]
    assert (rows["smollm2-135m"]["kind"], rows["smollm2-135m"]["licence"]) == ("base_lm", "Apache-2.0")
    assert len({frozenset(row) for row in rows.values()}) == 1  # all have the same keys


def test_nothing_named_is_a_wrong_command_line(capsys: pytest.CaptureFixture[str]):
    assert main(["fetch"]) == 2
    assert capsys.readouterr().err == (
        "error: missing argument 'NAME'\n  where: llasa fetch\n  fix:   `llasa fetch --list` shows the names\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize(("key", "code", "is_fetched"), [("y", 0, True), ("n", 1, False), ("\n", 1, False)])
def test_at_a_terminal_it_asks_first(mirror: Path, tmp_path: Path, key: str, code: int, is_fetched: bool):  # noqa: FBT001 - what is expected
    import pty  # noqa: PLC0415 - not on Windows

    usc_had_in(mirror)
    ours, theirs = pty.openpty()
    os.write(ours, f"{key}\n".encode())
    command = [sys.executable, "-m", "llasa_cli.app", "fetch", "usc-had"]
    done = subprocess.run(command, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, check=False, timeout=60)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)

    assert done.returncode == code
    assert "licence: free for research" in shown
    assert "fetch it? [y/N]" in shown
    assert ("nothing was fetched" in shown) is not is_fetched
    assert (tmp_path / "downloads" / "usc-had.zip").exists() is is_fetched


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_yes_is_not_asked(mirror: Path, tmp_path: Path):
    import pty  # noqa: PLC0415 - not on Windows

    usc_had_in(mirror)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "llasa_cli.app", "fetch", "usc-had", "--yes"]
    done = subprocess.run(command, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, check=False, timeout=60)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)

    assert done.returncode == 0
    assert "licence: free for research" in shown
    assert "fetch it?" not in shown
    assert (tmp_path / "downloads" / "usc-had.zip").exists()
