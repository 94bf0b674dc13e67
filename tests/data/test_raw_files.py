from __future__ import annotations

import bz2
import gzip
import io
import os
import pickle
import struct
import subprocess
import sys
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from llasa_core.data.readers import archives
from llasa_core.data.readers.archive_bounds import MAX_MEMBERS
from llasa_core.data.readers.raw_files import RawFile, list_files, raw_files, siblings
from llasa_core.errors import DataError, RunError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HEADER = b"time,x,y,z\n"
BOTH = {"acc.csv": HEADER + b"0,0,0,1\n", "gyr.csv": HEADER + b"0,0,0,0\n"}


def zip_of(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tar_of(files: Mapping[str, bytes], *extra: tarfile.TarInfo) -> bytes:
    """Return a tar of these files, and of headers that have no content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in extra:
            archive.addfile(info)
    return buffer.getvalue()


def written(path: Path, content: bytes) -> Path:
    """Return a path after writing a file there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def shown_in(path: Path) -> list[str]:
    """Return how the files behind a path read, from it on."""
    return [file.shown.relative_to(path).as_posix() for file in raw_files(path)]


def refusal(path: Path) -> str:
    """Return the whole message with which a path is refused."""
    with pytest.raises(DataError) as caught:
        raw_files(path)
    return str(caught.value)


def zeros(n_megabytes: int) -> bytes:
    """Return a raw deflate stream of that many megabytes of zeros, made in no time."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * n_megabytes + packer.flush(zlib.Z_FINISH)


def zip_claiming(size: int, packed: bytes, name: bytes = b"a.csv", crc: int = 0) -> bytes:
    """Return a zip of one deflated member with a size of our choice in its headers."""
    size_32 = min(size, 0xFFFFFFFF)
    extra = struct.pack("<HHQ", 1, 8, size) if size_32 == 0xFFFFFFFF else b""
    common = struct.pack("<HHHHHLLLHH", 45, 0, 8, 0, 33, crc, len(packed), size_32, len(name), len(extra))
    local = b"PK\x03\x04" + common + name + extra + packed
    central = b"PK\x01\x02" + struct.pack("<H", 45) + common + struct.pack("<HHHLL", 0, 0, 0, 0, 0) + name + extra
    return local + central + struct.pack("<LHHHHLLH", 0x06054B50, 0, 0, 1, 1, len(central), len(local), 0)


# what is found


def test_a_folder_gives_its_files_in_order(tmp_path: Path):
    written(tmp_path / "b.csv", b"12")
    written(tmp_path / "a" / "c.csv", b"1")

    assert raw_files(tmp_path) == [
        RawFile(tmp_path / "a" / "c.csv", None, 1),
        RawFile(tmp_path / "b.csv", None, 2),
    ]


def test_what_systems_leave_behind_is_passed_over(tmp_path: Path):
    junk = ("__MACOSX/._acc.csv", ".DS_Store", "._acc.csv", "walk/Thumbs.db", "walk/desktop.ini", ".git/config")
    for name in junk:
        written(tmp_path / name, b"x")
    archive = written(tmp_path / "walk.zip", zip_of(dict.fromkeys(junk, b"x") | {"acc.csv": b"1"}))

    assert shown_in(tmp_path) == ["walk.zip/acc.csv"]
    assert [file.name for file in siblings(archive)] == ["walk.zip"]


@pytest.mark.parametrize("name", ["data.zip", "DATA.ZIP", "data", "download.bin"])
def test_a_zip_is_known_by_its_content(tmp_path: Path, name: str):
    archive = written(tmp_path / name, zip_of(BOTH))

    files = raw_files(archive)

    assert [file.name for file in files] == ["acc.csv", "gyr.csv"]
    assert files[0] == RawFile(archive, "acc.csv", len(BOTH["acc.csv"]))
    assert files[0].read_bytes() == BOTH["acc.csv"]


@pytest.mark.parametrize("name", ["table.xlsx", "windows.npz", "walk.gt3x", "report.docx", "model.pt"])
def test_documents_that_are_zips_inside_stay_files(tmp_path: Path, name: str):
    file = written(tmp_path / name, zip_of(BOTH))

    assert raw_files(file) == [RawFile(file, None, file.stat().st_size)]


def test_a_workbook_under_another_name_stays_a_file(tmp_path: Path):
    workbook = written(tmp_path / "table.bak", zip_of({"[Content_Types].xml": b"<x/>", "xl/sheet1.xml": b"<x/>"}))
    outer = written(tmp_path / "all.zip", zip_of({"old/table.bak": workbook.read_bytes()}))

    assert shown_in(workbook) == ["."]
    assert shown_in(outer) == ["old/table.bak"]


def test_zips_in_a_folder_are_looked_into(tmp_path: Path):
    written(tmp_path / "walk" / "Run_1.zip", zip_of({"Accelerometer.csv": b"1", "Gyroscope.csv": b"2"}))
    written(tmp_path / "walk" / "notes.txt", b"3")

    assert shown_in(tmp_path) == ["walk/Run_1.zip/Accelerometer.csv", "walk/Run_1.zip/Gyroscope.csv", "walk/notes.txt"]


def test_a_zip_in_a_zip_in_a_zip_is_read(tmp_path: Path):
    inner = zip_of({"acc_walking_waist.csv": HEADER})
    middle = zip_of({"acc_walking_1.zip": inner, "readMe": b"hello"})
    archive = written(tmp_path / "realworld.zip", zip_of({"proband4/data/acc_walking_csv.zip": middle}))

    files = raw_files(archive)

    assert [file.member for file in files] == [
        "proband4/data/acc_walking_csv.zip/acc_walking_1.zip/acc_walking_waist.csv",
        "proband4/data/acc_walking_csv.zip/readMe",
    ]
    assert {file.path for file in files} == {archive}
    assert files[0].name == "acc_walking_waist.csv"
    assert [file.read_bytes() for file in files] == [HEADER, b"hello"]


@pytest.mark.parametrize(
    ("name", "pack"),
    [("d.tar", bytes), ("d.tar.gz", gzip.compress), ("d.tgz", gzip.compress), ("d.tar.bz2", bz2.compress)],
)
def test_tars_are_read(tmp_path: Path, name: str, pack: type[bytes]):
    tar = tar_of({"./WISDM/raw.txt": b"33,Jogging", "./WISDM/._raw.txt": b"x", "./readme": b"r"})
    archive = written(tmp_path / name, pack(tar))

    files = raw_files(archive)

    assert [file.member for file in files] == ["WISDM/raw.txt", "readme"]
    assert files[0].read_bytes() == b"33,Jogging"


@pytest.mark.parametrize(("name", "pack"), [("walk.csv.gz", gzip.compress), ("walk.csv.bz2", bz2.compress)])
def test_one_packed_file_reads_like_a_folder_of_one(tmp_path: Path, name: str, pack: type[bytes]):
    content = HEADER * 10_000
    archive = written(tmp_path / name, pack(content))

    assert raw_files(archive) == [RawFile(archive, "walk.csv", len(content))]
    assert raw_files(archive)[0].read_bytes() == content


def test_a_gzip_of_several_parts_is_read_to_its_end(tmp_path: Path):
    archive = written(tmp_path / "walk.csv.gz", gzip.compress(b"first\n") + gzip.compress(b"second\n"))

    assert raw_files(archive)[0].size == len(b"first\nsecond\n")
    assert raw_files(archive)[0].read_bytes() == b"first\nsecond\n"


def test_mixed_archives_in_one_another_are_read(tmp_path: Path):
    tar = tar_of({"walk/acc.csv.gz": gzip.compress(HEADER)})
    archive = written(tmp_path / "all.zip", zip_of({"p1.tar": tar}))

    file = raw_files(archive)[0]

    assert file.member == "p1.tar/walk/acc.csv.gz/acc.csv"
    assert file.read_bytes() == HEADER


def test_names_with_backslashes_become_paths(tmp_path: Path):
    buffer = io.BytesIO(zip_of({"walk/acc.csv": b"1", "walk/": b""}))
    archive = written(tmp_path / "windows.zip", buffer.getvalue().replace(b"walk/", b"walk\\"))

    assert shown_in(archive) == ["walk/acc.csv"]
    assert raw_files(archive)[0].read_bytes() == b"1"


# what a file of an archive can do


def test_a_member_is_small_and_can_be_sent_to_another_process(tmp_path: Path):
    archive = written(tmp_path / "all.zip", zip_of({"p1.zip": zip_of(BOTH)}))
    file = raw_files(archive)[1]

    packed = pickle.dumps(file)
    assert len(packed) < 400
    assert pickle.loads(packed) == file  # noqa: S301 - what multiprocessing does with our own object
    assert len({*raw_files(archive), *raw_files(archive)}) == 2
    code = "import pickle, sys; sys.stdout.buffer.write(pickle.load(sys.stdin.buffer).read_bytes())"
    done = subprocess.run([sys.executable, "-c", code], input=packed, capture_output=True, check=True, timeout=60)
    assert done.stdout == BOTH["gyr.csv"]


def test_an_inner_archive_is_unpacked_once_for_all_its_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    inner = zip_of({f"{number}.csv": HEADER for number in range(20)})
    archive = written(tmp_path / "all.zip", zip_of({"p1.zip": inner}))
    unpackings = []
    unpack = archives._unpacked
    monkeypatch.setattr(archives, "_unpacked", lambda *args: unpackings.append(1) or unpack(*args))

    assert [file.read_bytes() for file in raw_files(archive)] == [HEADER] * 20
    assert len(unpackings) == 1


def test_large_inner_archives_leave_nothing_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    content = os.urandom(archives.IN_MEMORY_BYTES + 1)
    archive = written(tmp_path / "all.zip", zip_of({"p1.zip": zip_of({"a.csv": content})}, zipfile.ZIP_STORED))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    assert raw_files(archive)[0].read_bytes() == content
    assert list(scratch.iterdir()) == []


def test_two_members_can_be_read_side_by_side(tmp_path: Path):
    for name, pack in (("all.zip", zip_of), ("all.tar", tar_of)):
        acc, gyr = raw_files(written(tmp_path / name, pack(BOTH)))
        with acc.open() as first, gyr.open() as second:
            assert first.read(12) + second.read(12) + first.read() == (
                BOTH["acc.csv"][:12] + BOTH["gyr.csv"][:12] + BOTH["acc.csv"][12:]
            )


def test_a_stream_can_be_wound_back(tmp_path: Path):
    for name, content in (("a.zip", zip_of(BOTH)), ("a.tar", tar_of(BOTH)), ("acc.gz", gzip.compress(BOTH["acc.csv"]))):
        with raw_files(written(tmp_path / name, content))[0].open() as stream:
            assert stream.read() == BOTH["acc.csv"]
            assert stream.seek(5) == 5
            assert stream.read(3) == BOTH["acc.csv"][5:8]
            assert stream.seek(-2, io.SEEK_END) == len(BOTH["acc.csv"]) - 2
            assert stream.read() == b"1\n"


def test_the_head_of_a_file_is_its_beginning(tmp_path: Path):
    content = bytes(range(256)) * 1000
    file = RawFile(written(tmp_path / "a.bin", content), None, len(content))
    member = raw_files(written(tmp_path / "a.zip", zip_of({"a.bin": content})))[0]

    for one in (file, member):
        assert one.head(10) == content[:10]
        assert one.head() == content[:65536]
    written(file.path, b"new")
    assert file.head() == b"new"


def test_an_archive_that_is_written_anew_is_opened_anew(tmp_path: Path):
    archive = written(tmp_path / "a.zip", zip_of({"a.csv": b"old"}))
    file = raw_files(archive)[0]
    written(archive, zip_of({"b.csv": b"newer"}))

    assert raw_files(archive)[0].read_bytes() == b"newer"
    with pytest.raises(DataError) as caught:
        file.read_bytes()
    assert str(caught.value) == (
        f"the archive was changed meanwhile: it holds no a.csv\n  where: {archive}\n  fix:   run the same command again"
    )


def test_an_inner_archive_that_the_disk_has_no_room_for_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    inner = zip_of({"a.csv": os.urandom(archives.IN_MEMORY_BYTES + 1)})
    archive = written(tmp_path / "all.zip", zip_of({"p1.zip": inner}, zipfile.ZIP_STORED))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=1_000_000))

    with pytest.raises(RunError) as caught:
        raw_files(archive)
    assert str(caught.value) == (
        f"the disk is full: p1.zip cannot be unpacked to {tmp_path}\n"
        f"  where: {archive}/p1.zip\n"
        "  fix:   free some space, or set TMPDIR to a folder with more"
    )


# what is refused (catalogue case 45)


def test_nothing_there_is_refused(tmp_path: Path):
    assert refusal(tmp_path / "no") == (
        f"there is no such file or folder\n  where: {tmp_path / 'no'}\n  fix:   check the path"
    )


@pytest.mark.parametrize(
    ("magic", "name", "kind", "command"),
    [
        (b"Rar!\x1a\x07\x01\x00", "Shoaib.rar", "rar", "unar"),
        (b"7z\xbc\xaf\x27\x1c", "walk.7z", "7z", "7z x"),
        (b"\xfd7zXZ\x00", "walk.csv.xz", "xz", "unxz"),
        (b"\x28\xb5\x2f\xfd", "walk.csv.zst", "zstd", "unzstd"),
    ],
)
def test_archives_of_other_programs_are_refused_with_the_command(
    tmp_path: Path, magic: bytes, name: str, kind: str, command: str
):
    archive = written(tmp_path / name, magic + bytes(100))

    assert refusal(archive) == (
        f"{kind} archives are not unpacked here\n"
        f"  where: {archive}\n"
        f"  fix:   run `{command} {archive}`, then pass the result"
    )
    assert shown_in(tmp_path) == [name]


@pytest.mark.parametrize("name", ["../x.csv", "/etc/x.csv", "C:\\x.csv", "a/../../x.csv", "a\\..\\..\\x.csv"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str):
    for archive in (
        written(tmp_path / "a.zip", zip_of({"good.csv": b"1", name: b"2"})),
        written(tmp_path / "a.tar", tar_of({"good.csv": b"1", name: b"2"})),
    ):
        assert refusal(archive) == (
            f'the archive holds a file whose path leads out of it: "{name}"\n'
            f"  where: {archive}\n"
            "  fix:   unpack it by hand if you trust it"
        )


def test_a_password_is_refused(tmp_path: Path):
    content = bytearray(zip_of({"a.csv": b"1"}, zipfile.ZIP_STORED))
    content[6] |= 1
    content[content.find(b"PK\x01\x02") + 8] |= 1
    archive = written(tmp_path / "a.zip", bytes(content))

    assert refusal(archive) == f"the zip needs a password\n  where: {archive}\n  fix:   unpack it by hand"


def test_an_unknown_method_is_refused(tmp_path: Path):
    content = bytearray(zip_of({"a.csv": b"1"}, zipfile.ZIP_STORED))
    content[8] = 9
    content[content.find(b"PK\x01\x02") + 10] = 9
    archive = written(tmp_path / "a.zip", bytes(content))

    assert refusal(archive) == (
        "the zip is packed by a method (number 9) that Python cannot unpack\n"
        f"  where: {archive}\n"
        "  fix:   unpack it by hand"
    )


def test_a_cut_off_zip_is_refused(tmp_path: Path):
    archive = written(tmp_path / "a.zip", zip_of(BOTH)[:-40])

    assert refusal(archive) == (
        f"not a whole zip: File is not a zip file\n  where: {archive}\n  fix:   download it again"
    )


@pytest.mark.parametrize(
    ("cut", "reason"),
    [(5000, "unexpected end of data"), (10_752, "no header and no end mark at byte 10752")],
)
def test_a_cut_off_tar_is_refused(tmp_path: Path, cut: int, reason: str):
    archive = written(tmp_path / "a.tar", tar_of({"a.csv": bytes(10_000), "b.csv": bytes(10_000)})[:cut])

    assert refusal(archive) == f"not a whole tar: {reason}\n  where: {archive}\n  fix:   download it again"


def test_a_tar_that_is_damaged_in_the_middle_does_not_end_there(tmp_path: Path):
    content = bytearray(tar_of({"a.csv": bytes(1000), "b.csv": bytes(1000)}))
    content[512 + 1024] ^= 0xFF  # in the name of the second
    archive = written(tmp_path / "a.tar", bytes(content))

    assert refusal(archive) == (
        f"not a whole tar: no header and no end mark at byte 1536\n  where: {archive}\n  fix:   download it again"
    )


def test_a_cut_off_gzip_is_refused(tmp_path: Path):
    archive = written(tmp_path / "walk.csv.gz", gzip.compress(os.urandom(10_000))[:5000])

    assert refusal(archive) == (
        "the gzip cannot be unpacked: Compressed file ended before the end-of-stream marker was reached\n"
        f"  where: {archive}/walk.csv\n"
        "  fix:   copy or download it again"
    )


def test_a_member_whose_bytes_changed_is_refused_where_it_is_read(tmp_path: Path):
    content = bytearray(zip_of(BOTH, zipfile.ZIP_STORED))
    content[content.find(b"0,0,0,1")] = ord("9")
    archive = written(tmp_path / "a.zip", bytes(content))

    with pytest.raises(DataError) as caught:
        raw_files(archive)[0].read_bytes()
    assert str(caught.value) == (
        "the zip cannot be unpacked: Bad CRC-32 for file 'acc.csv'\n"
        f"  where: {archive}/acc.csv\n"
        "  fix:   copy or download it again"
    )


@pytest.mark.parametrize(
    ("claimed", "reason"),
    [(2_000_000, "1000000 bytes of 2000000"), (1000, "Bad CRC-32 for file 'a.csv'")],
)
def test_a_member_of_another_size_than_it_claims_is_refused(tmp_path: Path, claimed: int, reason: str):
    packed = zeros(1)
    archive = written(tmp_path / "a.zip", zip_claiming(claimed, packed, crc=zlib.crc32(bytes(1_000_000))))

    with pytest.raises(DataError) as caught:
        raw_files(archive)[0].read_bytes()
    assert str(caught.value) == (
        f"the zip cannot be unpacked: {reason}\n  where: {archive}/a.csv\n  fix:   copy or download it again"
    )


def test_two_files_of_one_name_are_refused(tmp_path: Path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.csv", b"2")
    file = written(tmp_path / "a.zip", buffer.getvalue())

    assert refusal(file) == (
        f"the archive holds two files named a.csv\n  where: {file}\n  fix:   unpack it by hand if you trust it"
    )


def test_links_are_not_followed(tmp_path: Path):
    inside, outside = tarfile.TarInfo("latest.csv"), tarfile.TarInfo("passwords.csv")
    inside.type = outside.type = tarfile.SYMTYPE
    inside.linkname, outside.linkname = "a.csv", "/etc/passwd"
    good = written(tmp_path / "good.tar", tar_of({"a.csv": b"1"}, inside))
    bad = written(tmp_path / "bad.tar", tar_of({"a.csv": b"1"}, outside))

    assert shown_in(good) == ["a.csv"]
    assert refusal(bad) == (
        'the archive holds a link whose path leads out of it: "/etc/passwd"\n'
        f"  where: {bad}\n"
        "  fix:   unpack it by hand if you trust it"
    )


def test_archives_in_one_another_without_end_are_refused(tmp_path: Path):
    content = HEADER
    for level in range(4, 0, -1):
        content = zip_of({f"{level}.zip" if level < 4 else "a.csv": content})
    archive = written(tmp_path / "a.zip", content)

    assert refusal(archive) == (
        "archives lie in one another more than 3 deep\n"
        f"  where: {archive}\n"
        "  fix:   unpack the outer ones by hand if you trust them"
    )


# bombs: what is refused has to be refused soon, and in little memory


def bounded(seconds: float, n_bytes: int) -> _Bounded:
    """Return a guard of the time and the memory that its body takes."""
    return _Bounded(seconds, n_bytes)


class _Bounded:
    def __init__(self, seconds: float, n_bytes: int) -> None:
        self._seconds, self._n_bytes = seconds, n_bytes

    def __enter__(self) -> None:
        self._begun = time.monotonic()
        tracemalloc.start()

    def __exit__(self, *_error: object) -> None:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < self._n_bytes
        assert time.monotonic() - self._begun < self._seconds


def test_a_zip_that_claims_10_gb_is_refused_at_once(tmp_path: Path):
    archive = written(tmp_path / "bomb.zip", zip_claiming(10_000_000_000, zeros(1)))
    size = archive.stat().st_size

    with bounded(seconds=1, n_bytes=2_000_000):
        message = refusal(archive)
    assert message == (
        f"the archive has {size / 1000:.3g} kB and would unpack to 10 GB or more: it may be a zip bomb\n"
        f"  where: {archive}\n"
        "  fix:   unpack it by hand if you trust it"
    )


def test_a_zip_that_hides_10_gb_behind_a_small_claim_is_refused_when_read(tmp_path: Path):
    archive = written(tmp_path / "bomb.zip", zip_claiming(1_000_000, zeros(10_000)))

    with bounded(seconds=2, n_bytes=20_000_000), pytest.raises(DataError) as caught:
        raw_files(archive)[0].read_bytes()
    assert str(caught.value) == (
        "the zip cannot be unpacked: Bad CRC-32 for file 'a.csv'\n"
        f"  where: {archive}/a.csv\n"
        "  fix:   copy or download it again"
    )


def test_a_gzip_bomb_is_refused_in_the_middle(tmp_path: Path):
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    archive = written(tmp_path / "bomb.csv.gz", header + zeros(400) + bytes(8))

    with bounded(seconds=10, n_bytes=20_000_000):
        message = refusal(archive)
    assert message == (
        f"the archive has {archive.stat().st_size / 1000:.3g} kB and would unpack to 101 MB or more: "
        "it may be a zip bomb\n"
        f"  where: {archive}/bomb.csv\n"
        "  fix:   unpack it by hand if you trust it"
    )


def test_a_bomb_of_many_small_zips_is_refused(tmp_path: Path):
    leaf = zip_claiming(90_000_000, zeros(90))
    archive = written(tmp_path / "42.zip", zip_of({f"lib {number}.zip": leaf for number in range(16)}))

    with bounded(seconds=5, n_bytes=20_000_000):
        message = refusal(archive)
    assert message == (
        f"the archive has {archive.stat().st_size / 1000:.3g} kB and would unpack to 181 MB or more: "
        "it may be a zip bomb\n"
        f"  where: {archive}\n"
        "  fix:   unpack it by hand if you trust it"
    )


def test_a_list_of_too_many_members_is_not_even_read(tmp_path: Path):
    entry = b"PK\x01\x02" + bytes(42) + b"a"
    entry = entry[:28] + b"\x01\x00" + entry[30:]
    n_entries = MAX_MEMBERS + 1
    end_64 = struct.pack("<LQHHLLQQQQ", 0x06064B50, 44, 45, 45, 0, 0, n_entries, n_entries, 47 * n_entries, 0)
    locator = struct.pack("<LLQL", 0x07064B50, 0, 47 * n_entries, 1)
    end = struct.pack("<LHHHHLLH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    archive = written(tmp_path / "many.zip", entry * n_entries + end_64 + locator + end)

    with bounded(seconds=1, n_bytes=2_000_000):
        message = refusal(archive)
    assert message == (
        f"the archive holds more than 200,000 files\n  where: {archive}\n  fix:   unpack it by hand if you trust it"
    )


def test_a_tar_header_that_claims_a_huge_name_is_refused(tmp_path: Path):
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 3_000_000
    archive = written(tmp_path / "a.tar", info.tobuf() + bytes(3_000_000 + 10_240))

    with bounded(seconds=1, n_bytes=4_000_000):
        message = refusal(archive)
    assert message == (f"not a whole tar: a header of 3000320 bytes\n  where: {archive}\n  fix:   download it again")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows writes the zeros of a file with a hole")
def test_more_than_500_gb_is_refused(tmp_path: Path):
    archive = tmp_path / "huge.zip"
    tail = zip_claiming(501_000_000_000, b"")
    with archive.open("wb") as file:
        file.truncate(3_000_000_000)  # a hole: it takes no room
        file.seek(0)
        file.write(b"PK\x03\x04")
        file.seek(3_000_000_000)
        file.write(tail)

    assert refusal(archive) == (
        "the archive has 3 GB and would unpack to 501 GB or more: it may be a zip bomb\n"
        f"  where: {archive}\n"
        "  fix:   unpack it by hand if you trust it"
    )


# one bad archive among good files


def test_a_bad_archive_in_a_folder_is_named_and_the_rest_is_listed(tmp_path: Path):
    written(tmp_path / "good.zip", zip_of({"a.csv": b"1"}))
    bad = written(tmp_path / "bad.zip", zip_of({"../b.csv": b"1"}))
    written(tmp_path / "c.csv", b"1")
    error = (
        'the archive holds a file whose path leads out of it: "../b.csv"\n'
        f"  where: {bad}\n"
        "  fix:   unpack it by hand if you trust it"
    )

    listing = list_files(tmp_path)

    assert [file.shown for file in listing.files] == [tmp_path / "c.csv", tmp_path / "good.zip" / "a.csv"]
    assert [(one.file.shown, str(one.error)) for one in listing.refused] == [(bad, error)]
    assert refusal(tmp_path) == error


def test_a_bad_archive_in_an_archive_is_named_and_the_rest_is_listed(tmp_path: Path):
    content = {"good.csv": b"1", "p1/bad.zip": zip_of(BOTH)[:-30], "p2.zip": zip_of({"a.csv": b"1"})}
    archive = written(tmp_path / "all.zip", zip_of(content))

    listing = list_files(archive)

    assert [file.member for file in listing.files] == ["good.csv", "p2.zip/a.csv"]
    assert [str(one.error) for one in listing.refused] == [
        f"not a whole zip: File is not a zip file\n  where: {archive}/p1/bad.zip\n  fix:   download it again"
    ]


@pytest.mark.parametrize("kind", ["zip", "tar", "tgz", "nested"])
def test_damage_anywhere_is_refused_or_harmless(tmp_path: Path, kind: str):
    """A byte is changed at every place in turn; only tars have no sum of their contents by which to notice."""
    content = {
        "zip": zip_of(BOTH),
        "tar": tar_of(BOTH)[:4096],
        "tgz": gzip.compress(tar_of(BOTH)),
        "nested": zip_of({"p.zip": zip_of(BOTH)}, zipfile.ZIP_STORED),
    }[kind]
    outcomes, right = set(), sorted(BOTH.values())
    for place in range(0, len(content), 3 if kind == "tar" else 1):
        damaged = bytearray(content)
        damaged[place] ^= 0xA5
        file = written(tmp_path / f"{place}.{kind}", bytes(damaged))
        try:
            outcomes.add("read" if sorted(one.read_bytes() for one in raw_files(file)) == right else "wrong")
        except DataError:
            outcomes.add("refused")
        file.unlink()

    assert outcomes == {"read", "refused", "wrong"} if kind == "tar" else {"read", "refused"}
