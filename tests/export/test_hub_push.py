from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
import yaml
from hub_fakes.server import TOKEN, Hub, Repo, a_hub
from huggingface_hub import constants

from llasa_core.errors import LlasaError, RunError, UsageError
from llasa_core.export.hub import push
from llasa_core.export.source import find_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llasa_core.export.hub import Pushed
    from llasa_core.export.source import Source

CARD = "---\nlicense: other\n---\n\n# A card\n"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with a_hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # the hub here speaks Git LFS
        monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _seconds: None)  # between its retries
        yield hub


def push_source(source: Source, **options: bool) -> Pushed:
    return push(source.folder, "me/llasa-tiny", source.card(), **options)


def failed(source: Source, **options: bool) -> LlasaError:
    with pytest.raises(LlasaError) as raised:
        push_source(source, **options)
    assert TOKEN not in str(raised.value)
    return raised.value


def test_a_push_brings_every_file_of_the_checkpoint_and_its_card(source: Source, hub: Hub):
    pushed = push_source(source)

    repo = hub.repos["me/llasa-tiny"]
    files = {path.relative_to(source.folder).as_posix(): path for path in source.folder.rglob("*") if path.is_file()}
    assert repo.files.keys() == files.keys()
    assert "adapter/adapter_model.safetensors" in files
    for name in files.keys() - {"README.md"}:
        assert repo.files[name] == files[name].read_bytes()
    assert repo.files["README.md"].decode() == source.card()
    assert repo.private
    assert (pushed.url, pushed.files, pushed.public) == (f"{hub.address}/me/llasa-tiny", len(files), False)
    assert pushed.commit == f"{1:040x}"


def test_the_card_has_front_matter(source: Source, hub: Hub):
    push_source(source)

    _, head, body = hub.repos["me/llasa-tiny"].files["README.md"].decode().split("---\n", 2)
    fields = yaml.safe_load(head)
    assert fields == {
        "library_name": "llasa",
        "license": "other",
        "license_name": "as-base-model",
        "tags": [
            *("llasa", "imu", "accelerometer", "gyroscope", "human-activity-recognition", "sensor-language-model"),
            "lora",
        ],
    }
    assert body.startswith("\n# LLaSA checkpoint (finetune)\n")


def test_the_same_push_again_sends_nothing_twice(source: Source, hub: Hub):
    push_source(source)
    sent = hub.count("PUT /lfs/")

    pushed = push_source(source)

    assert sent == 3
    assert hub.count("PUT /lfs/") == sent
    assert hub.repos["me/llasa-tiny"].commits == 1
    assert pushed.commit == f"{1:040x}"


def test_a_repository_that_everybody_sees_is_not_written_to_unasked(source: Source, hub: Hub):
    hub.repos["me/llasa-tiny"] = Repo(private=False)

    error = failed(source)

    assert isinstance(error, UsageError)
    assert str(error) == (
        "me/llasa-tiny is on the hub already, and everybody can see it\n"
        f"  where: {hub.address}/me/llasa-tiny\n"
        "  fix:   pass `--public` if that is meant, or name another"
    )
    assert hub.repos["me/llasa-tiny"].commits == 0
    assert push_source(source, is_public=True).public


def test_what_an_earlier_push_left_goes_and_other_files_stay(source: Source, hub: Hub):
    old = {"lm.safetensors": b"old", "llasa.json": b"{}", "notes.txt": b"mine", ".gitattributes": b"*"}
    hub.repos["me/llasa-tiny"] = Repo(private=True, files=old)

    push_source(source)

    files = hub.repos["me/llasa-tiny"].files
    assert "lm.safetensors" not in files
    assert "llasa.json" not in files
    assert (files["notes.txt"], files[".gitattributes"]) == (b"mine", b"*")


def test_without_a_token_nothing_is_asked(source: Source, hub: Hub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HF_TOKEN")

    error = failed(source)

    assert isinstance(error, UsageError)
    assert str(error) == (
        "the hub wants a token, and HF_TOKEN is not set\n"
        "  where: --to-hub\n"
        "  fix:   make a token that may write at https://huggingface.co/settings/tokens, and set HF_TOKEN to it"
    )
    assert hub.asked == []


def test_a_token_that_the_hub_does_not_know_is_an_error(source: Source, hub: Hub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")

    error = failed(source)

    assert isinstance(error, UsageError)
    assert str(error) == (
        "the hub does not accept the token in HF_TOKEN\n"
        f"  where: {hub.address}/me/llasa-tiny\n"
        "  fix:   make a token that may write at https://huggingface.co/settings/tokens, and set HF_TOKEN to it"
    )


@pytest.mark.parametrize("step", ["/api/repos/create", "/preupload/main", "/objects/batch", "/commit/main"])
def test_a_token_that_may_not_write_is_an_error(step: str, source: Source, hub: Hub):
    hub.refuses[step] = 403

    error = failed(source)

    assert isinstance(error, UsageError)
    assert str(error) == (
        "the token in HF_TOKEN may not write to me/llasa-tiny\n"
        f"  where: {hub.address}/me/llasa-tiny\n"
        "  fix:   name a repository of your own, or make a token that may write to this one"
    )


@pytest.mark.parametrize("step", ["PUT /lfs/", "/commit/main"])
def test_a_push_that_broke_off_is_finished_by_the_same_command(step: str, source: Source, hub: Hub):
    hub.dies_at = step

    error = failed(source)

    assert isinstance(error, RunError)
    lines = str(error).splitlines()
    assert lines[0].startswith("the push to the hub broke off: ")
    assert lines[1:] == [
        f"  where: {hub.address}/me/llasa-tiny",
        "  fix:   run the same command again: what has arrived is not sent twice",
    ]
    assert hub.repos["me/llasa-tiny"].commits == 0
    arrived = len(hub.objects)
    hub.dies_at = None
    hub.asked.clear()
    push_source(source)
    assert hub.count("PUT /lfs/") == 3 - arrived
    assert hub.repos["me/llasa-tiny"].commits == 1


def test_a_hub_that_fails_is_an_error_with_its_words(source: Source, hub: Hub):
    hub.refuses["/commit/main"] = 500

    error = failed(source)

    assert isinstance(error, RunError)
    assert str(error) == (
        "the hub refused with 500: refused\n"
        f"  where: {hub.address}/me/llasa-tiny\n"
        "  fix:   run the same command again: what has arrived is not sent twice"
    )


@pytest.mark.parametrize("name", ["llasa", "me/", "a/b/c", "me/..", "me/x y"])
def test_a_name_that_cannot_be_on_the_hub_is_an_error(name: str, source: Source):
    with pytest.raises(UsageError) as raised:
        push(source.folder, name, CARD)

    assert str(raised.value) == (
        f"`{name}` is not a name on the hub\n  where: --to-hub\n  fix:   write OWNER/NAME, such as `me/llasa-smol`"
    )


@pytest.mark.usefixtures("hub")
def test_what_the_hub_remarks_is_said(source: Source):
    said: list[str] = []

    push(source.folder, "me/llasa-tiny", "---\ntags: [imu]\n---\n", say=said.append)

    assert said == ["the hub remarks: Warnings while validating metadata in README.md: - no license"]


def test_a_card_carries_what_eval_measured_of_this_very_checkpoint(with_adapter: Path, tmp_path: Path):
    runs = tmp_path / "runs"
    folder, report = runs / "smol" / "finetune" / "checkpoint", runs / "smol" / "eval" / "report.json"
    shutil.copytree(with_adapter, folder)
    report.parent.mkdir()
    said = {"data": "data/hapt", "split": "test", "closed_set": {"accuracy": 0.97312, "macro_f1": 0.5}}
    report.write_text(json.dumps({**said, "checkpoint": "another/checkpoint"}))
    assert "model-index" not in find_source(folder, runs).fields()

    report.write_text(json.dumps({**said, "checkpoint": "runs/smol/finetune/checkpoint"}))

    (index,) = find_source(folder, runs).fields()["model-index"]
    assert index["name"] == "smol"
    assert index["results"][0]["dataset"] == {"type": "hapt", "name": "hapt", "split": "test"}
    assert [(each["type"], each["value"]) for each in index["results"][0]["metrics"]] == [
        ("accuracy", 0.9731),
        ("f1", 0.5),
    ]
