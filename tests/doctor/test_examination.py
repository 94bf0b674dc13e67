from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from llasa_core.doctor.bench import busy_fact
from llasa_core.doctor.examination import Examination, examine
from llasa_core.doctor.fact import Fact, Section
from llasa_core.doctor.host import clock_fact, disk_fact
from llasa_core.doctor.versions import import_fact, package_facts

if TYPE_CHECKING:
    from pathlib import Path

GOOD = Fact("numpy", "2.4.6")
BROKEN = Fact("torch", "not installed, >=2.11 is needed", "broken", "`pip install 'torch>=2.11'`")
SLOW = Fact("threads", "torch starts 8 for 2 usable cores", "warning", "`export OMP_NUM_THREADS=2`")
REMARK = Fact("GPU", "none", "note")


def test_the_report_lists_all_and_ends_with_what_to_do():
    report = Examination((Section("versions", (GOOD, BROKEN)), Section("devices", (REMARK, SLOW))))

    assert str(report) == (
        "versions\n"
        "  ✓ numpy    2.4.6\n"
        "  ✗ torch    not installed, >=2.11 is needed\n"
        "devices\n"
        "  · GPU      none\n"
        "  ! threads  torch starts 8 for 2 usable cores\n"
        "\n"
        "1 broken, 1 to mend for more speed or features\n"
        "  ✗ torch: not installed, >=2.11 is needed\n"
        "      fix: `pip install 'torch>=2.11'`\n"
        "  ! threads: torch starts 8 for 2 usable cores\n"
        "      fix: `export OMP_NUM_THREADS=2`"
    )
    assert not report.is_ready


def test_warnings_and_notes_leave_a_machine_ready():
    assert Examination((Section("devices", (REMARK, SLOW)),)).is_ready
    assert str(Examination((Section("devices", (REMARK,)),))).endswith("\n\nnothing is wrong")


def test_versions_are_held_against_the_ranges_that_are_asked_for():
    asked = ["numpy>=2.0", "h5py<1", "no-such-package>=3", "nothing-here; python_version < '3'"]

    fine, outside, missing = package_facts(asked)

    assert (fine.name, fine.state) == ("numpy", "good")
    assert (outside.state, outside.fix) == ("warning", "`pip install 'h5py<1'`")
    assert outside.value.endswith(", tested with <1")
    assert (missing.value, missing.state) == ("not installed, >=3 is needed", "broken")


def test_a_module_that_cannot_be_imported_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "broken_library.py").write_text("raise OSError('libcuda.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)

    fact = import_fact("broken_library")

    assert fact is not None
    assert (fact.value, fact.state) == ("fails: libcuda.so.1: cannot open shared object file", "broken")
    assert import_fact("json") is None
    assert import_fact("no_such_module") is None


def test_a_folder_that_is_not_there_yet_is_judged_by_its_disk(tmp_path: Path):
    fact = disk_fact("disk of runs", tmp_path / "a" / "b")

    assert fact.details["free_bytes"] > 0
    assert fact.details["folder"] == str(tmp_path / "a" / "b")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_that_cannot_be_written_to_is_broken(tmp_path: Path):
    tmp_path.chmod(0o500)

    fact = disk_fact("disk of runs", tmp_path)

    assert (fact.value, fact.state) == (f"{tmp_path} cannot be written to", "broken")


def test_a_clock_before_the_installation_is_wrong():
    assert clock_fact(1_700_000_000.0, 1_700_000_050.0).state == "good"

    wrong = clock_fact(1_000_000_000.0, 1_700_000_000.0)
    assert wrong.state == "warning"
    assert wrong.value.endswith(", before LLaSA itself was installed")


def test_a_busy_machine_is_measured_too_low():
    assert busy_fact(1.0, 2.0) is None

    busy = busy_fact(7.3, 2.0)
    assert busy is not None
    assert busy.value == "a load of 7.3 on 2 cores: what is measured now is too low"
    assert busy.state == "warning"


def test_this_machine_runs_llasa(tmp_path: Path):
    found = examine(tmp_path / "runs")

    assert found.is_ready
    shown = found.as_dict()
    assert {"versions", "devices", "matrix_products", "host", "tools", "base_LMs"} <= shown.keys()
    assert {"python", "llasa", "torch", "transformers"} <= {fact["name"] for fact in shown["versions"]}
    assert {"CPU", "attention"} <= {fact["name"] for fact in shown["devices"]}
