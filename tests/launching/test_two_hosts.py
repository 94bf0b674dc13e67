"""Two hosts: network namespaces of this machine, with an sshd each, that share its files and no address."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from processes import are_gone, rank_pids

from llasa_core.launching.folder import RankFolder
from llasa_core.train.log import read_log

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.cluster

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
RECIPE = REPOSITORY / "recipes" / "tiny.yaml"
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def whatever_is_missing() -> str | None:
    """Return why there can be no second host here."""
    missing = [name for name in ("ip", "ssh", "ssh-keygen", "sshd") if shutil.which(name, path=PATH) is None]
    if sys.platform != "linux" or os.geteuid() != 0 or missing:
        return f"needs Linux, root, and iproute2 and openssh: {', '.join(missing) or 'not root'}"
    made = ip("netns", "add", "llasa-probe", check=False)
    ip("netns", "delete", "llasa-probe", check=False)
    return made.stderr or None


def ip(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("ip", path=PATH) or "ip", *words], check=check, capture_output=True, text=True, env={"PATH": PATH}
    )


@dataclass
class Host:
    """One namespace."""

    name: str
    """As the other one, and the hostfile, call it."""
    namespace: str
    address: str
    servers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def inside(self, command: list[str]) -> list[str]:
        """Return what runs a command on this host."""
        return ["ip", "netns", "exec", self.namespace, *command]

    def make(self, names: str, stack: ExitStack) -> None:
        """Make the namespace, with names of its own; a stack removes both."""
        etc = Path("/etc/netns") / self.namespace
        etc.mkdir(parents=True)
        stack.callback(shutil.rmtree, etc)
        (etc / "hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n{names}")
        ip("netns", "add", self.namespace)
        stack.callback(ip, "netns", "delete", self.namespace)
        ip("-n", self.namespace, "link", "set", "lo", "up")
        stack.callback(self.end_all)

    def serve(self, config: Path, before: str = "true") -> None:
        """Start its sshd, after a command that changes what it sees of the machine's files."""
        script = f"{before} && exec {shutil.which('sshd', path=PATH)} -D -e -f {config}"
        command = self.inside(["unshare", "--mount", "sh", "-c", script])
        self.servers.append(subprocess.Popen(command, env={"PATH": PATH}, stderr=subprocess.DEVNULL))

    def end_all(self) -> None:
        """End every process of this host."""
        for pid in ip("netns", "pids", self.namespace).stdout.split():
            os.kill(int(pid), signal.SIGKILL)
        for server in self.servers:
            server.wait()
        self.servers.clear()


@dataclass
class TwoHosts:
    """Two hosts that reach each other by ssh."""

    a: Host
    b: Host
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs."""
        ssh = f"ssh -F {self.folder / 'ssh_config'}"
        paths = os.pathsep.join(filter(None, [str(REPOSITORY), str(HERE), os.environ.get("PYTHONPATH")]))
        return {**os.environ, "PATH": PATH, "LLASA_SSH": ssh, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths}

    @property
    def hostfile(self) -> Path:
        """Names both, a rank each."""
        file = self.folder / "hostfile"
        file.write_text("host-a slots=1\nhost-b slots=1\n")
        return file

    def command(self, *words: str, on: Host | None = None) -> list[str]:
        """Return what runs Python on a host; `a` by default."""
        return (on or self.a).inside([sys.executable, *words])

    def llasa(self, command: str, runs: Path) -> subprocess.CompletedProcess[str]:
        """Run a stage of tiny on both hosts."""
        words = [command, str(RECIPE), "--runs", str(runs), "--hostfile", str(self.hostfile)]
        return subprocess.run(
            self.command("-m", "llasa_cli.app", *words),
            cwd=REPOSITORY, env=self.environment, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[TwoHosts]:
    """Two hosts, and nothing of them afterwards."""
    missing = whatever_is_missing()
    if missing:
        pytest.skip(missing)
    one, two = (f"ll{os.getpid()}{letter}" for letter in "ab")
    a, b = Host("host-a", one, "10.213.7.1"), Host("host-b", two, "10.213.7.2")
    with ExitStack() as stack:
        for host, other in ((a, b), (b, a)):
            host.make(f"{other.address} {other.name}\n", stack)
        ip("link", "add", one, "netns", a.namespace, "type", "veth", "peer", two, "netns", b.namespace)
        for host in (a, b):
            ip("-n", host.namespace, "address", "add", f"{host.address}/24", "dev", host.namespace)
            ip("-n", host.namespace, "link", "set", host.namespace, "up")
        write_ssh_files(tmp_path)
        b.serve(tmp_path / "sshd_config")
        found = TwoHosts(a, b, tmp_path)
        wait_for_ssh(found)
        yield found


def write_ssh_files(folder: Path) -> None:
    """Write keys and settings for both sides."""
    Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host_key", "user_key", "other_key"):
        subprocess.run([shutil.which("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (folder / "known_hosts").write_text(f"host-b {(folder / 'host_key.pub').read_text()}")
    for name, key in (("ssh_config", "user_key"), ("wrong_config", "other_key")):
        (folder / name).write_text(
            f"Host *\n  IdentityFile {folder / key}\n  IdentitiesOnly yes\n  User root\n"
            f"  UserKnownHostsFile {folder / 'known_hosts'}\n  GlobalKnownHostsFile none\n"
        )
    (folder / "sshd_config").write_text(
        f"HostKey {folder / 'host_key'}\nAuthorizedKeysFile {folder / 'user_key.pub'}\n"
        "StrictModes no\nPermitRootLogin yes\nUsePAM no\nPidFile none\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
    )


def wait_for_ssh(hosts: TwoHosts) -> None:
    check = hosts.a.inside([*hosts.environment["LLASA_SSH"].split(), "-o", "BatchMode=yes", "host-b", "true"])
    deadline = time.monotonic() + 10
    while (
        said := subprocess.run(check, env=hosts.environment, capture_output=True, text=True, check=False)
    ).returncode:
        assert time.monotonic() < deadline, said.stderr
        time.sleep(0.1)


def losses(runs: Path, stage: str) -> list[float]:
    return [row.loss for row in read_log(runs / "tiny" / stage)]


def test_two_hosts_learn_as_two_ranks_of_one_do(hosts: TwoHosts, tmp_path: Path):
    there, here = tmp_path / "there", tmp_path / "here"
    for stage in ("pretrain", "finetune"):
        ended = hosts.llasa(stage, there)
        assert ended.returncode == 0, ended.stderr
        log = (there / "tiny" / stage / "launcher.log").read_text()
        assert "nnodes=2, num_local_procs=1, node_rank=1" in log
        words = [stage, str(RECIPE), "--runs", str(here), "--gpus", "2"]
        subprocess.run(
            [sys.executable, "-m", "llasa_cli.app", *words], check=True, env=hosts.environment, cwd=REPOSITORY
        )

        assert losses(there, stage) == pytest.approx(losses(here, stage), abs=1e-5)


COUNT = """
import sys
from pathlib import Path
from llasa_core.files import write_json
from llasa_core.launching.folder import RankFolder
from llasa_core.launching.following import launch
from llasa_core.launching.hosts import Host
from llasa_core.launching.place import free_port
run = RankFolder(Path(sys.argv[1]))
write_json(run.begun_file, {"seed": 7})
hosts = [Host("host-a", 1), Host("host-b", 1)]
wrongs = str(run.folder.with_name("wrongs"))
launch("rank_that_counts", run, [wrongs], hosts, port=free_port(), tell=lambda progress: None, say=print)
"""


@pytest.fixture
def counting(hosts: TwoHosts, tmp_path: Path) -> Iterator[tuple[RankFolder, subprocess.Popen[str]]]:
    """A command on the first host, and a rank that counts on each."""
    run = RankFolder(tmp_path / "runs" / "run")
    (tmp_path / "runs" / "wrongs").mkdir(parents=True)
    with subprocess.Popen(
        hosts.command("-c", COUNT, str(run.folder)), env=hosts.environment, stderr=subprocess.PIPE, text=True
    ) as command:
        while len(rank_pids(run)) < 2:
            assert command.poll() is None
            time.sleep(0.02)
        yield run, command
        command.kill()


def test_a_rank_that_is_killed_on_another_host_ends_the_run(counting: tuple[RankFolder, subprocess.Popen[str]]):
    run, command = counting
    found = rank_pids(run)
    os.kill(found[1], signal.SIGKILL)
    _, said = command.communicate(timeout=30)

    assert "RunError: a rank on host host-b was killed by signal 9 (SIGKILL); often the host's memory ran out" in said
    assert are_gone(found.values(), within_s=5)


def test_ranks_on_other_hosts_end_when_the_command_is_killed(counting: tuple[RankFolder, subprocess.Popen[str]]):
    run, command = counting
    found = rank_pids(run)
    command.kill()

    assert are_gone(found.values(), within_s=5)


def test_a_lost_connection_ends_the_run_on_both_hosts(
    hosts: TwoHosts, counting: tuple[RankFolder, subprocess.Popen[str]]
):
    run, command = counting
    found = rank_pids(run)
    ssh = [pid for pid in map(int, ip("netns", "pids", hosts.a.namespace).stdout.split()) if name_of(pid) == "ssh"]
    os.kill(ssh[0], signal.SIGKILL)
    _, said = command.communicate(timeout=30)

    assert len(ssh) == 1
    assert "RunError: the connection to host host-b was lost, or its launcher was killed" in said
    assert are_gone(found.values(), within_s=5)


def name_of(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def test_a_host_that_refuses_us_is_named(hosts: TwoHosts, tmp_path: Path):
    (hosts.folder / "ssh_config").write_text((hosts.folder / "wrong_config").read_text())
    key = hosts.llasa("pretrain", tmp_path / "runs")
    hosts.b.end_all()
    away = hosts.llasa("pretrain", tmp_path / "runs")

    fix = "make `ssh host-b true` work without a question: its name, its ssh server, your key, its host key"
    assert (key.returncode, away.returncode) == (1, 1)
    assert key.stderr.endswith(
        f"error: host host-b cannot be reached by ssh: root@host-b: Permission denied (publickey).\n  fix:   {fix}\n"
    )
    assert away.stderr.endswith(
        "error: host host-b cannot be reached by ssh: ssh: connect to host host-b port 22: Connection refused\n"
        f"  fix:   {fix}\n"
    )


def test_a_host_that_does_not_share_the_runs_is_named(hosts: TwoHosts, tmp_path: Path):
    runs = tmp_path / "runs"
    runs.mkdir()
    hosts.b.end_all()
    hosts.b.serve(tmp_path / "sshd_config", before=f"mount -t tmpfs none {runs}")
    wait_for_ssh(hosts)

    ended = hosts.llasa("pretrain", runs)

    assert ended.returncode == 1
    assert ended.stderr.endswith(
        "error: host host-b does not see this run's folder\n"
        f"  where: {runs / 'tiny' / 'pretrain'}\n"
        "  fix:   put `--runs` on a file system that all hosts share, under the same path\n"
    )
