"""States are whole or absent, the last few are kept, and a damaged one does not end a run."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from llasa_core.errors import RunError
from llasa_core.train.engine import OptimizerConfig, ParameterGroup, TorchEngine
from llasa_core.train.log import StepRow, TrainingLog
from llasa_core.train.run import Run
from llasa_core.train.state import State, newest_state, state_bytes, trained_parameters, write_state
from llasa_core.train.worker import _draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llasa_core.train.loop import Progress


class Learner:
    """A linear layer that learns to return zeros, beside a frozen one."""

    def __init__(self, width: int = 3, seed: int = 0) -> None:
        """Draw the weights."""
        torch.manual_seed(seed)
        self.model = nn.Sequential(nn.Linear(width, width), nn.Linear(width, width).requires_grad_(requires_grad=False))
        group = ParameterGroup("first", list(self.model[0].parameters()), 0.1)
        self.engine = TorchEngine(self.model, OptimizerConfig((group,), weight_decay=0.0, max_grad_norm=1.0))

    def loss(self) -> torch.Tensor:
        """Return a loss that reaches what is trained."""
        loss: torch.Tensor = self.model(torch.ones(2, len(self.model[0].bias))).square().sum()
        return loss

    def step(self) -> None:
        """Do one."""
        self.engine.backward(self.loss(), is_last=True)
        self.engine.step(1.0)

    def save(self, run: Run, step: int, *, keep: int = 2, size: int | None = None) -> None:
        """Save a state."""
        size = state_bytes(self.model) if size is None else size
        run.save_state(
            step, self.engine, lambda folder: write_state(folder, self.model, self.engine), size=size, keep=keep
        )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "run")


@pytest.fixture
def saved(run: Run) -> Run:
    """A run with the states after two steps and after four."""
    learner = Learner()
    for step in (1, 2, 3, 4):
        learner.step()
        if step % 2 == 0:
            learner.save(run, step)
    return run


def steps_of(run: Run) -> list[int]:
    return [step for step, _ in run.states()]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_last_states_are_kept(run: Run):
    learner = Learner()
    for step in range(1, 6):
        learner.step()
        learner.save(run, step, keep=2)

    assert names_in(run.folder / "state") == ["step-000004", "step-000005"]
    assert steps_of(run) == [4, 5]


def test_what_killed_saves_left_is_removed(saved: Run):
    state = saved.folder / "state"
    for left in (".step-000003.tmp", ".step-000004.123.old"):
        (state / left).mkdir()
        (state / left / "state-00000.safetensors").write_bytes(b"cut off")
    assert steps_of(saved) == [2, 4]

    Learner().save(saved, 5)

    assert names_in(state) == ["step-000004", "step-000005"]


def test_a_state_holds_trained_weights_and_their_moments_and_nothing_else(saved: Run):
    folder = saved.states()[-1][1]

    assert names_in(folder) == ["state-00000.safetensors", "state.json"]
    assert sorted(load_file(folder / "state-00000.safetensors")) == [
        f"{kind}/0.{name}" for kind in ("exp_avg", "exp_avg_sq", "weight") for name in ("bias", "weight")
    ]


def test_a_large_state_is_written_in_parts(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("llasa_core.train.state.BYTES_A_FILE", 12 * 3)
    learner, other = Learner(), Learner(seed=1)
    other.model[1].load_state_dict(learner.model[1].state_dict())  # a state holds nothing frozen
    learner.step()
    learner.save(run, 1)
    folder = run.states()[0][1]

    state = State(folder, other.model)
    state.put_weights()
    state.put_moments(other.engine, other.loss)
    for one in (learner, other):
        one.step()

    assert names_in(folder) == ["state-00000.safetensors", "state-00001.safetensors", "state.json"]
    for name, weight in trained_parameters(learner.model).items():
        assert torch.equal(weight, trained_parameters(other.model)[name])


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-8])


def remove_key(file: Path) -> None:
    file.write_text('{"updates": 4}\n')


TENSORS = "state-00000.safetensors"
SAFETENSORS = f"{TENSORS} is damaged: Error while deserializing header:"
DAMAGE: list[tuple[str, Callable[[Path], object], str]] = [
    (TENSORS, cut, f"{SAFETENSORS} incomplete metadata, file not fully covered"),
    (TENSORS, lambda file: file.write_bytes(b""), f"{SAFETENSORS} header too small"),
    (TENSORS, lambda file: file.unlink(), "state-00000.safetensors is missing"),
    ("state.json", lambda file: file.unlink(), "state.json is missing"),
    ("state.json", cut, "state.json is damaged: Unterminated string starting at: line 1 column 36 (char 35)"),
    ("state.json", remove_key, "state.json is damaged: 'loss_scale'"),
]


@pytest.mark.parametrize(("name", "damage", "reason"), DAMAGE, ids=[reason[:40] for *_, reason in DAMAGE])
def test_a_damaged_state_is_passed_over_for_the_one_before_it(
    saved: Run, name: str, damage: Callable[[Path], object], reason: str
):
    damage(saved.states()[-1][1] / name)
    said: list[str] = []

    step, state = newest_state(saved.states(), Learner().model, said.append)

    assert step == 2
    assert state is not None
    assert said == [f"warning: the state after step 4 cannot be read, {reason}; an earlier one is taken"]


def test_without_any_whole_state_the_run_says_what_to_do(saved: Run):
    for _, folder in saved.states():
        (folder / "state.json").unlink()

    with pytest.raises(RunError) as caught:
        newest_state(saved.states(), Learner().model, lambda _text: None)

    assert str(caught.value) == (
        "no state of this run can be read: state.json is missing\n"
        f"  where: {saved.folder / 'state' / 'step-000002' / 'state.json'}\n"
        "  fix:   `--fresh` begins the run anew"
    )


def test_a_run_without_states_begins_at_its_first_step(run: Run):
    assert newest_state(run.states(), Learner().model, pytest.fail) == (0, None)


def test_a_save_removes_damaged_states_of_later_steps(saved: Run):
    cut(saved.states()[-1][1] / "state-00000.safetensors")

    Learner().save(saved, 3)

    assert steps_of(saved) == [2, 3]


def test_a_state_of_another_model_is_refused(saved: Run):
    with pytest.raises(RunError) as caught:
        newest_state(saved.states(), Learner(width=4).model, pytest.fail)

    assert str(caught.value) == (
        "the state is of another model: `weight/0.weight` is [3, 3], expected [4, 4]; "
        "`exp_avg/0.weight` is [3, 3], expected [4, 4]; `exp_avg_sq/0.weight` is [3, 3], expected [4, 4]\n"
        f"  where: {saved.folder / 'state' / 'step-000004'}\n"
        "  fix:   `--fresh` begins the run anew"
    )


def test_a_state_needs_room_before_it_is_written(saved: Run):
    with pytest.raises(RunError) as caught:
        Learner().save(saved, 6, size=10**18)

    assert caught.value.message.endswith(" MB left, the state needs 1,000,000,000,000 MB")
    assert caught.value.fix == "free some space and run the same command again: it goes on from the last state"
    assert steps_of(saved) == [2, 4]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 128 MB, on which runs are."""
    if sys.platform != "linux" or os.geteuid() or not Path("/usr/bin/mount").is_file():
        pytest.skip("only root on Linux may mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["/usr/bin/mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this system does not let root mount a small disk")
    yield folder
    subprocess.run(["/usr/bin/umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, leave: int = 0) -> None:
    """Leave so many bytes free."""
    with (disk / "ballast").open("wb") as ballast:
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        ballast.truncate(0)
        os.posix_fallocate(ballast.fileno(), 0, free - leave)


def test_a_disk_that_fills_up_during_a_save_leaves_the_states_before_it(disk: Path):
    run, learner = Run(disk / "run"), Learner()
    learner.step()
    learner.save(run, 1)
    fill(disk)

    with pytest.raises(RunError) as caught:
        learner.save(run, 2, size=0)

    assert str(caught.value) == (
        "the disk is full: step-000002 was not written\n"
        f"  where: {run.folder / 'state' / 'step-000002'}\n"
        "  fix:   free some space and run the same command again"
    )
    assert names_in(run.folder / "state") == ["step-000001"]
    assert newest_state(run.states(), learner.model, pytest.fail)[0] == 1


def test_a_run_on_a_full_disk_ends_resumably(disk: Path, part: Callable[..., Any]):
    whole = part("whole")
    whole.train()
    stopped = part(str(disk / "run"), "finetune.save_every=2")

    def fill_up(progress: Progress) -> None:
        if progress.step == 3:
            fill(disk)

    with pytest.raises(RunError) as caught:
        stopped.train(fill_up)
    (disk / "ballast").unlink()
    resumed = part(str(disk / "run"), "finetune.save_every=2")
    resumed.train()

    assert str(caught.value) == (
        "the disk has 0 MB left, the state needs 1 MB\n"
        f"  where: {disk / 'run' / 'state' / 'step-000004'}\n"
        "  fix:   free some space and run the same command again: it goes on from the last state"
    )
    assert caught.value.exit_code == 1
    assert resumed.first_step == 2
    assert all(torch.equal(weight, whole.weights[name]) for name, weight in resumed.weights.items())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # of TensorBoard's writer
def test_a_log_on_a_full_disk_says_so(disk: Path):
    log = TrainingLog(disk, 0)
    fill(disk)

    def write() -> None:
        for step in range(1000):
            log.add(StepRow(step, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0))

    with closing(log), pytest.raises(RunError) as caught:
        write()

    assert str(caught.value) == (
        "the disk is full: log.csv was not written\n"
        f"  where: {disk / 'log.csv'}\n"
        "  fix:   free some space and run the same command again"
    )


def test_a_picture_that_a_full_disk_has_no_room_for_is_done_without(disk: Path):
    with closing(TrainingLog(disk, 0)) as log:
        log.add(StepRow(1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0))
    fill(disk)
    said: list[str] = []

    _draw(disk, "finetune", said.append)

    assert said == ["warning: loss.png was not written: the disk is full: loss.png was not written"]
    assert not (disk / "loss.png").exists()


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_lora_run_keeps_small_files_and_no_frozen_weight(part: Callable[..., Any]):
    run = part("run", "finetune.save_every=4", "finetune.adapter.rank=32")
    sizes = []
    run.train(lambda _progress: sizes.extend(size_of(folder) for _, folder in run.run.states()))
    n_trained = sum(weight.numel() for weight in run.weights.values())
    frozen = sum(weight.numel() for weight in run.stage.model.parameters()) - n_trained

    tokenizer = size_of(run.run.checkpoint / "tokenizer.json") + (run.run.checkpoint / "tokenizer.json").stat().st_size
    assert 12 * n_trained < max(sizes) < 3.5 * 4 * n_trained
    assert size_of(run.run.checkpoint) - tokenizer < 3.5 * 4 * n_trained + 10**6
    assert 4 * n_trained < size_of(run.run.checkpoint) < 4 * (n_trained + frozen)
