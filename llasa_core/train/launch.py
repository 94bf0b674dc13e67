"""Start a stage: check what it needs, then train in this process or on ranks that are launched."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llasa_core.errors import InterruptedRun, UsageError
from llasa_core.files import check_room, sha256_of, write_text
from llasa_core.launching.following import launch
from llasa_core.launching.hosts import addresses_of
from llasa_core.launching.launcher import node_command, rank_words
from llasa_core.launching.place import RunPlace
from llasa_core.locks import only_one, wait_until_free
from llasa_core.recipe_file import recipe_yaml
from llasa_core.train.log import read_log
from llasa_core.train.plan import source_of
from llasa_core.train.run import RANKS, Run, flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from llasa_core.recipe import Recipe, StageName
    from llasa_core.recipe_file import LoadedRecipe
    from llasa_core.train.loop import Progress

NOT_PART_OF_THE_RESULT = {"save_every", "keep_states", "log_every", "zero_stage", "offload", "activation_checkpointing"}
"""Settings that may change between the parts of a run."""


def run_stage(  # noqa: PLR0913 - a command line's flags
    loaded: LoadedRecipe,
    stage: StageName,
    place: RunPlace,
    *,
    fresh: bool = False,
    reshard: bool = False,
    probes: bool = False,
    command: str | None = None,
    tell: Callable[[StageName, Progress], None] = lambda _stage, _progress: None,
    say: Callable[[str], None] = lambda _text: None,
) -> dict[str, Any]:
    """Run one stage of a recipe to its end, or go on with it, or find that it is done.

    Args:
        loaded: the recipe.
        stage: `pretrain` trains the encoder first where the recipe names none.
        place: from `find_place`.
        fresh: remove what an earlier run of this stage left.
        reshard: go on with a run that was begun on another number of ranks.
        probes: rehearse the fullest pack, a batch of scoring and a save before the first step.
        command: what a person would type to go on, for messages.
        tell: told of each step.
        say: told in a line what happens.

    Returns:
        `{stage, run, checkpoint, steps, loss, seconds, already_done}`.

    Raises:
        LlasaError: a missing input (exit 2), a failure while running (1), or a stop that was asked for (130).
    """
    recipe, run = loaded.resolved, Run(place.runs / loaded.name / stage)
    inputs = _inputs(recipe, stage, place, loaded.name)
    if stage == "pretrain" and recipe.encoder.checkpoint is None:
        if not run.is_done:
            _find_base_lm(recipe, say)  # a name that means nothing is better heard of before the encoder is trained
        alone = RunPlace(place.runs, 1, place.has_cuda)
        run_stage(loaded, "encoder", alone, fresh=fresh, command=command, tell=tell, say=say)
        inputs |= {"encoder.sha256": sha256_of(_encoder_file(recipe, place, loaded.name))}
    with only_one(run.lock_file, doing=f"working on {run.folder}"):
        wait_until_free(run.ranks_file)
        if fresh:
            run.clear()
        command = command or f"llasa {_command_of(stage)} {loaded.file}"
        run.begin(inputs, command=command, reshard=reshard)
        is_done = run.is_done
        if is_done:
            run.finish()  # again: it may have been killed between its result and this
        else:
            write_text(run.folder / "recipe.yaml", recipe_yaml(recipe))
            _lay_out(recipe, stage, run, place, say)
            if probes and stage != "encoder":
                run.probe_request.touch()
            with _told_how_to_go_on(command):
                _train(loaded, stage, run, place, tell, say)
        if stage == "finetune":
            _add_head(recipe, run.checkpoint, say)  # to a run that was done before there were heads, too
        return _result(stage, run, already_done=is_done)


def _command_of(stage: StageName) -> str:
    return "finetune" if stage == "finetune" else "pretrain"


def _inputs(recipe: Recipe, stage: StageName, place: RunPlace, name: str) -> dict[str, Any]:
    """Collect whatever the stage's result depends on, and check that it is there.

    Raises:
        DataError: no data folder.
        UsageError: finetune before pretrain.
    """
    from llasa_core.data.store import MANIFEST, read_manifest  # noqa: PLC0415 - h5py

    read_manifest(recipe.data.folder)
    if stage == "finetune" and recipe.head.folder is not None:
        read_manifest(recipe.head.folder)  # which is needed when the stage has ended
    sections = {"encoder": recipe.encoder, "model": recipe.model, stage: getattr(recipe, stage)}
    if stage == "encoder":
        sections = {"encoder": recipe.encoder}
    else:
        sections["encoder"] = recipe.encoder.model_copy(update={"pretraining": None})
    settings = {key: value.model_dump(mode="json") for key, value in sections.items()}
    inputs = {k: v for k, v in flatten(settings) if k.rsplit(".", 1)[-1] not in NOT_PART_OF_THE_RESULT}
    inputs |= {"seed": recipe.seed, "data.sha256": sha256_of(recipe.data.folder / MANIFEST)}
    inputs |= _parting(recipe)
    if stage != "encoder":
        inputs[RANKS] = place.n_ranks
    if recipe.encoder.checkpoint is not None:
        inputs["encoder.sha256"] = sha256_of(_encoder_file(recipe, place, name))
    if stage == "finetune":
        pretrained = place.runs / name / "pretrain" / "checkpoint"
        if not pretrained.is_dir():
            raise UsageError(
                "finetune goes on from the recipe's pretrain run, and there is none",
                where=pretrained,
                fix="run `llasa pretrain` with this recipe first",
            )
        _check_same_people(Run(pretrained.parent), recipe)
        for file in ("encoder.safetensors", "projector.safetensors"):
            inputs[f"pretrain.{file}"] = sha256_of(pretrained / file)
    return inputs


def _parting(recipe: Recipe) -> dict[str, str]:
    """Return how the people are parted, under its settings' names; nothing where it is as the data was prepared."""
    parting = {"data.fold": recipe.data.fold, "data.leave_out": recipe.data.leave_out}
    return {key: value for key, value in parting.items() if value is not None}


def _check_same_people(pretrain: Run, recipe: Recipe) -> None:
    """Refuse a pretrain run that has seen the people who are to be tested.

    Raises:
        UsageError: its people were parted in another way.
    """
    try:
        begun = json.loads(pretrain.begun_file.read_text(encoding="utf-8"))
    except OSError:  # brought from elsewhere, without what it was begun with
        return
    was = {key: begun[key] for key in ("data.fold", "data.leave_out") if begun.get(key) is not None}
    if was != _parting(recipe):
        raise UsageError(
            f"the pretrain run has learned from other people: it was made {_in_words(was)}, "
            f"this recipe asks for {_in_words(_parting(recipe))}",
            where=pretrain.begun_file,
            fix="run `llasa pretrain --fresh` with this recipe first, or name it apart with a file of its own",
        )


def _in_words(parting: dict[str, str]) -> str:
    return " ".join(f"`{key}: {value}`" for key, value in parting.items()) or "the prepared splits"


def _encoder_file(recipe: Recipe, place: RunPlace, name: str) -> Path:
    file = source_of("pretrain", recipe, place.runs / name)
    if not file.is_file():
        raise UsageError("there is no encoder file", where=file, fix="check `encoder.checkpoint` in the recipe")
    return file


def _lay_out(recipe: Recipe, stage: StageName, run: Run, place: RunPlace, say: Callable[[str], None]) -> None:
    """Decide how the stage is laid out; every rank reads the decision."""
    from llasa_core.train.outlook import Devices, placement_of  # noqa: PLC0415

    check_room(run.folder, LEAST_FREE_BYTES)
    if stage == "encoder":
        return
    devices = Devices(place.runs, place.n_ranks, place.has_cuda, place.all_hosts[0].slots)
    placement_of(recipe, stage, devices, say).write(run.folder)


LEAST_FREE_BYTES = 10**7
"""Less, and nothing is begun; a plan knows what the whole stage needs."""


@contextmanager
def _told_how_to_go_on(command: str) -> Iterator[None]:
    """Say in an interruption which command goes on."""
    try:
        yield
    except InterruptedRun as stopped:
        raise InterruptedRun(stopped.message, where=stopped.where, fix=f"`{command}` goes on from there") from stopped


def _train(
    loaded: LoadedRecipe,
    stage: StageName,
    run: Run,
    place: RunPlace,
    tell: Callable[[StageName, Progress], None],
    say: Callable[[str], None],
) -> None:
    source = source_of(stage, loaded.resolved, run.folder.parent)
    if place.is_launched:
        _find_base_lm(loaded.resolved, say)  # one process fetches; the ranks then find it in the cache
        from llasa_core.train.loop import Progress  # noqa: PLC0415 - torch

        launch(
            RANK_MODULE,
            run,
            _arguments(stage, source),
            place.all_hosts,
            port=place.chosen_port,
            tell=lambda told: tell(stage, Progress(**told)),
            say=say,
        )
    else:
        from llasa_core.train.worker import work  # noqa: PLC0415 - torch and transformers

        work(stage, run, source, lambda progress: tell(stage, progress), say)


def _add_head(recipe: Recipe, checkpoint: Path, say: Callable[[str], None]) -> None:
    """Give a checkpoint the light head that names the windows of timelines, if it has none."""
    from llasa_core.model.head import HEAD_FILE  # noqa: PLC0415 - numpy

    if (checkpoint / HEAD_FILE).is_file():
        return
    from llasa_core.data.store import WindowStore  # noqa: PLC0415 - h5py
    from llasa_core.train.head import add_head  # noqa: PLC0415 - torch

    own = recipe.head.folder
    store = WindowStore(own or recipe.data.folder, recipe.data.parting)
    report = add_head(store, checkpoint, recipe.seed, is_own_data=own is not None)
    if report is not None and report.val_accuracy is not None:
        say(f"light head for timelines: {report.val_accuracy:.3f} right on the validation people")


def _find_base_lm(recipe: Recipe, say: Callable[[str], None]) -> None:
    from llasa_core.model.base_lm import locate  # noqa: PLC0415 - torch and transformers

    locate(recipe.model.base_lm, say)


def launcher_command(stage: StageName, run: Run, source: Path, place: RunPlace) -> list[str]:
    """Return the command line that starts a stage's ranks on the first host.

    Raises:
        RunError: a host has no address.
    """
    hosts, words = place.all_hosts, rank_words(RANK_MODULE, run, _arguments(stage, source))
    return node_command(words, hosts, node=0, address=addresses_of(hosts)[0], port=place.chosen_port)


RANK_MODULE = "llasa_core.train.rank"


def _arguments(stage: StageName, source: Path) -> tuple[str, str]:
    return stage, str(source.absolute())


def _result(stage: StageName, run: Run, *, already_done: bool) -> dict[str, Any]:
    rows = read_log(run.folder)
    return {
        "stage": stage,
        "run": str(run.folder),
        "checkpoint": str(run.checkpoint),
        "steps": rows[-1].step if rows else 0,
        "loss": rows[-1].loss if rows else None,
        "seconds": round(sum(row.seconds for row in rows), 1),
        "already_done": already_done,
    }
