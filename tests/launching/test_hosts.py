"""Hostfiles, addresses, and the script that starts a command on another host."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from llasa_cli.app import main
from llasa_core.errors import ErrorGroup, LlasaError, RunError, UsageError
from llasa_core.files import sha256_of
from llasa_core.launching.folder import RankFolder
from llasa_core.launching.hosts import Host, addresses_of, is_here, read_hostfile, remote_script, ssh_command
from llasa_core.launching.launcher import node_command, rank_words
from llasa_core.launching.place import RunPlace, find_place
from llasa_core.launching.ranks import ERROR_MARK, Launch, check_folder, heard

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ranks are launched on Linux alone")


def hostfile(folder: Path, text: str) -> Path:
    file = folder / "hosts"
    file.write_text(text)
    return file


def test_a_hostfile_names_hosts_in_the_order_of_their_ranks(tmp_path: Path):
    file = hostfile(tmp_path, "# our two\nnode-2.lab  slots=4\n\nme@node1\tslots=2 # the old one\n")

    assert read_hostfile(file) == (Host("node-2.lab", 4), Host("me@node1", 2))
    assert read_hostfile(file, gpus=2) == (Host("node-2.lab", 2), Host("me@node1", 2))


def test_every_mistake_of_a_hostfile_is_said_with_its_row(tmp_path: Path):
    lines = ["a slots=2", "a slots=2", "b", "c slots=0", "d slots=two", "-oProxyCommand=x slots=1", "e,f slots=1"]
    file = hostfile(tmp_path, "\n".join(lines))

    with pytest.raises(ErrorGroup) as caught:
        read_hostfile(file, gpus=1)

    assert caught.value.exit_code == 2
    assert [str(error) for error in caught.value.errors] == [
        f"host a is named twice\n  where: {file}:2\n  fix:   leave one line, with all of its slots",
        f'not a host and its slots: "b"\n  where: {file}:3\n  fix:   write `name slots=4`',
        f"host c has 0 slots\n  where: {file}:4\n  fix:   leave the line out, or give it a slot for each GPU",
        f'not a host and its slots: "d slots=two"\n  where: {file}:5\n  fix:   write `name slots=4`',
        f'not a host and its slots: "-oProxyCommand=x slots=1"\n  where: {file}:6\n  fix:   write `name slots=4`',
        f'not a host and its slots: "e,f slots=1"\n  where: {file}:7\n  fix:   write `name slots=4`',
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no such hostfile\n  where: {file}\n  fix:   write one line for each host: `name slots=4`"),
        (
            "# none\n",
            "the hostfile names no host\n  where: {file}\n  fix:   write one line for each host: `name slots=4`",
        ),
        (
            "a slots=2",
            "3 GPUs of each host were asked for, a has 2 slots\n  where: {file}:1\n  fix:   pass `--gpus 2` or fewer",
        ),
    ],
)
def test_a_hostfile_that_cannot_be_used_is_refused(tmp_path: Path, text: str | None, said: str):
    file = tmp_path / "hosts" if text is None else hostfile(tmp_path, text)

    with pytest.raises(UsageError) as caught:
        read_hostfile(file, gpus=3)

    assert str(caught.value) == said.format(file=file)


def test_a_hostfile_says_how_many_ranks_there_are(tmp_path: Path):
    place = find_place(tmp_path, hostfile=hostfile(tmp_path, "a slots=4\nb slots=2"), port=29500)

    assert (place.n_ranks, place.port, place.is_launched) == (6, 29500, True)


def test_the_launcher_is_deepspeeds(tmp_path: Path):
    place = RunPlace(tmp_path, 2, has_cuda=False, port=29500)
    words = rank_words("llasa_core.train.rank", RankFolder(tmp_path / "run"), ["finetune", "source"])

    assert node_command(words, place.all_hosts, node=0, address="127.0.0.1", port=place.chosen_port) == [
        *(sys.executable, "-u", "-m", "deepspeed.launcher.launch"),
        "--world_info=eyJsb2NhbGhvc3QiOiBbMCwgMV19",  # {"localhost": [0, 1]}
        *("--node_rank=0", "--master_addr=127.0.0.1", "--master_port=29500"),
        *("--module", "llasa_core.train.rank", str(tmp_path / "run"), "finetune", "source"),
    ]


def test_ranks_get_the_devices_that_the_user_made_visible():
    def world(visible: str) -> str:
        return node_command([], [Host("localhost", 2)], node=0, address="", port=1, visible=visible)[4]

    assert world("2,3") == "--world_info=eyJsb2NhbGhvc3QiOiBbIjIiLCAiMyJdfQ=="  # {"localhost": ["2", "3"]}
    assert world("") == world("3") == "--world_info=eyJsb2NhbGhvc3QiOiBbMCwgMV19"


needs_ssh = pytest.mark.skipif(shutil.which("ssh") is None, reason="needs ssh")


@needs_ssh
def test_addresses_are_looked_up_here_and_in_ssh_s_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = tmp_path / "config"
    settings.write_text("Host gpu-box\n  HostName 192.0.2.7\n")
    monkeypatch.setenv("LLASA_SSH", f"ssh -F {settings}")

    assert addresses_of([Host("localhost", 1)]) == ("127.0.0.1",)
    assert addresses_of([Host("me@192.0.2.5", 1), Host("gpu-box", 1)]) == ("192.0.2.5", "192.0.2.7")
    assert (is_here("127.0.0.1"), is_here("192.0.2.7")) == (True, False)


def test_a_host_without_an_address_is_named():
    with pytest.raises(RunError) as caught:
        addresses_of([Host("no..name", 1)])

    assert str(caught.value) == (
        "host no..name has no address\n  fix:   check its name in the hostfile, or add it to /etc/hosts"
    )


def test_a_machine_without_ssh_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LLASA_SSH", "no-such-ssh -F config")

    with pytest.raises(RunError) as caught:
        ssh_command(Host("b", 2))

    assert caught.value.message == "host b cannot be reached by ssh: there is no `no-such-ssh` here"


@needs_ssh
def test_ssh_never_asks_and_no_secret_is_in_its_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LLASA_SSH", "ssh -F 'my config'")

    command = ssh_command(Host("b", 2))

    assert command[:3] == ["ssh", "-F", "my config"]
    assert "BatchMode=yes" in command
    assert command[-2:] == ["b", "/bin/sh"]


def in_shell(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["/bin/sh"], input=script, capture_output=True, text=True, check=False, env={"PATH": "/bin"})


def test_the_script_runs_the_command_in_this_folder_with_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    show = "import json, os; print(json.dumps([os.getcwd(), dict(os.environ)]))"
    given = {"HF_TOKEN": 'it\'s "a" $secret\n', "NCCL_DEBUG": "INFO", "HOME": "/nowhere", "OPENAI_API_KEY": "no"}

    folder, environment = json.loads(
        in_shell(remote_script(Host("b", 1), [sys.executable, "-c", show], given, ERROR_MARK)).stdout
    )

    assert folder == str(tmp_path)
    assert {name: environment.get(name) for name in given} == {**given, "HOME": None, "OPENAI_API_KEY": None}
    assert environment["PATH"] == f"{Path(sys.executable).parent}:/bin"


def test_a_host_without_our_folder_or_python_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def said_of(script: str) -> LlasaError:
        ended = in_shell(script)
        assert ended.returncode == 1
        return heard(json.loads(ended.stdout.removeprefix(ERROR_MARK)))

    folder = tmp_path / "it's\\new"
    folder.mkdir()
    monkeypatch.chdir(folder)
    script = remote_script(Host("b", 1), ["true"], {}, ERROR_MARK)
    no_python = said_of(script.replace("[ -x ", "[ -x /no/such"))
    folder.rmdir()

    assert str(said_of(script)) == (
        f"host b has no folder {folder}\n"
        "  fix:   start from a folder on a file system that all hosts share, under the same path"
    )
    assert str(no_python) == (
        f"host b has no {sys.executable}\n  fix:   install the same environment there, under the same path"
    )


@pytest.mark.parametrize(
    ("content", "what"),
    [(None, "host b does not see this run's folder"), ("{}", "host b sees another run in this run's folder")],
)
def test_a_rank_that_does_not_see_the_runs_folder_says_so(tmp_path: Path, content: str | None, what: str):
    if content:
        (tmp_path / "run.json").write_text(content)

    with pytest.raises(RunError) as caught:
        check_folder(RankFolder(tmp_path), Launch("b", "0" * 64), patience_s=0)

    assert str(caught.value) == (
        f"{what}\n  where: {tmp_path}\n  fix:   put `--runs` on a file system that all hosts share, under the same path"
    )


def test_a_rank_sees_its_runs_folder_and_what_its_command_said(tmp_path: Path):
    (tmp_path / "run.json").write_text("{}")
    launch = Launch("b", sha256_of(tmp_path / "run.json"), ("10.0.0.1", "10.0.0.2"))

    check_folder(RankFolder(tmp_path), launch, patience_s=0)
    assert Launch.read(launch.as_variable()) == launch


def test_slurm_and_a_hostfile_exclude_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    code = main(["pretrain", "recipes/tiny.yaml", "--slurm", "--hostfile", str(tmp_path / "hosts")])

    assert code == 2
    assert capsys.readouterr().err == (
        "error: with `--slurm`, Slurm chooses the hosts\n  fix:   leave `--hostfile` out, or `--slurm`\n"
    )
