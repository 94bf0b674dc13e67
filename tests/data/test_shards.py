from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.data.share import Share
from llasa_core.data.store import WindowStore
from llasa_core.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("text", ["2/8", " 2 / 8 "])
def test_a_share_is_written_as_a_fraction(text: str):
    assert Share.parse(text) == Share(2, 8)
    assert str(Share.parse(text)) == "2/8"


@pytest.mark.parametrize("text", ["9/8", "0/8", "1/0", "2", "a/b", "1/2/3", ""])
def test_what_is_no_share_is_refused(text: str):
    with pytest.raises(UsageError) as caught:
        Share.parse(text)

    assert str(caught.value) == (
        f'--shard is not a share of all recordings: "{text}"\n  fix:   write it like `--shard 2/8`, from 1/8 to 8/8'
    )


def test_each_name_is_in_one_share_the_same_on_every_machine():
    names = [f"RawData/acc_exp{number:03d}.txt" for number in range(200)]

    taken = [[name for name in names if Share(nth, 4).takes(name)] for nth in range(1, 5)]

    assert sorted(name for share in taken for name in share) == names
    assert [len(share) for share in taken] == [52, 46, 54, 48]  # by sha256, not by this run's hash


def test_shares_hold_every_recording_once_and_say_which_they_are(make_hapt: Callable[..., None], tmp_path: Path):
    make_hapt(tmp_path / "RawData", users=[1, 2, 3, 4, 5], seconds=14)
    settings = PrepareSettings(qa="none")

    reports = [prepare([tmp_path / "RawData"], tmp_path / f"{nth}", settings, share=Share(nth, 3)) for nth in (1, 2, 3)]

    manifests = [json.loads((tmp_path / f"{nth}" / "manifest.json").read_text()) for nth in (1, 2, 3)]
    names = [source["name"] for manifest in manifests for source in manifest["sources"]]
    assert sorted(names) == [f"hapt/exp{number:02d}_user{number:02d}" for number in range(1, 6)]
    assert [manifest["share"]["nth"] for manifest in manifests] == [1, 2, 3]
    assert {manifest["share"]["of"] for manifest in manifests} == {3}
    assert len({manifest["share"]["listing"] for manifest in manifests}) == 1
    assert [manifest["settings"] for manifest in manifests] == [settings.model_dump(mode="json")] * 3
    assert [report.share for report in reports] == ["1/3", "2/3", "3/3"]


def test_an_empty_share_is_a_whole_folder_and_is_called_no_fault(hapt_folder: Path, tmp_path: Path):
    shares = [Share(nth, 9) for nth in range(1, 10)]
    empty = next(share for share in shares if not any(map(share.takes, names_in_hapt())))

    report = prepare([hapt_folder], tmp_path / "data", PrepareSettings(), share=empty)

    assert len(WindowStore(tmp_path / "data")) == 0
    assert report.windows == 0
    assert (tmp_path / "data" / "qa-train.json").read_text() == "[\n]\n"
    assert (
        f"  share {empty}; none of the windows falls into it, which is no fault: "
        "put all shares together with `llasa prepare-data --merge`"
    ) in str(report).splitlines()
    assert prepare([hapt_folder], tmp_path / "data", PrepareSettings(), share=empty).was_done


def names_in_hapt() -> list[str]:
    return ["RawData/acc_exp01_user01.txt", "RawData/acc_exp02_user03.txt"]


def test_a_share_is_not_taken_for_another_or_for_the_whole(hapt_folder: Path, tmp_path: Path):
    out = tmp_path / "data"
    prepare([hapt_folder], out, PrepareSettings(), share=Share(1, 2))

    for share, words in ((Share(2, 2), "share 2/2"), (None, "a whole")):
        with pytest.raises(UsageError) as caught:
            prepare([hapt_folder], out, PrepareSettings(), share=share)
        assert str(caught.value) == (
            f"the data folder was made as share 1/2, not as {words}\n"
            f"  where: {out}\n"
            "  fix:   pass `--fresh` to replace it, or another `--out`"
        )


def test_a_bad_file_is_refused_by_the_share_that_has_it_alone(hapt_folder: Path, tmp_path: Path):
    bad = hapt_folder / "acc_exp02_user03.txt"
    bad.write_text("not a number\n")
    has_it = Share(1, 2).takes("RawData/acc_exp02_user03.txt")

    for nth in (1, 2):
        if (nth == 1) == has_it:
            with pytest.raises(DataError, match="not a number"):
                prepare([hapt_folder], tmp_path / str(nth), PrepareSettings(), share=Share(nth, 2))
        else:
            prepare([hapt_folder], tmp_path / str(nth), PrepareSettings(), share=Share(nth, 2))
