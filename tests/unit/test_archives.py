"""Archives: what is taken from them, and what they cannot do."""

import io
import tarfile
import zipfile

import pytest
from voc_standin import write_tar, write_zip

from wsss.archives import ArchiveError, extract, verify
from wsss.sources import fetch

GOOD = {"top/JPEGImages/a.jpg": b"A", "top/JPEGImages/b.jpg": b"B", "top/Other/a.jpg": b"no", "top/readme": b"no"}


def pictures(path):
    return path.name if path.parent.name == "JPEGImages" else None


def everything(path):
    return path.name


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "inside" / "target").mkdir(parents=True)
    return tmp_path / "inside" / "target"


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def tar_of(path, *members: tarfile.TarInfo):
    with tarfile.open(path, "w") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def member(name, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.parametrize("name", ["a.tar", "a.tgz", "a.zip"])
def test_only_chosen_files_are_written(tmp_path, folder, name):
    archive = (write_zip if name.endswith("zip") else write_tar)(tmp_path / name, GOOD)
    assert list(extract(archive, folder, pictures)) == ["a.jpg", "b.jpg"]
    assert contents(folder) == {"a.jpg": b"A", "b.jpg": b"B"}


@pytest.mark.parametrize("kind", ["tar", "zip"])
@pytest.mark.parametrize(
    "name", ["../evil", "../../JPEGImages/evil", "/etc/evil", "a/../../evil", "..\\evil", "C:/evil"]
)
@pytest.mark.parametrize("choose", [pictures, everything, lambda path: None])
def test_a_member_outside_is_refused(tmp_path, folder, kind, name, choose):
    archive = (write_zip if kind == "zip" else write_tar)(tmp_path / f"bad.{kind}", {name: b"evil"})
    before = set(tmp_path.rglob("*"))
    with pytest.raises(ArchiveError, match=r"bad\.\w+ has a member '.*evil' outside its folder"):
        list(extract(archive, folder, choose))
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("target", ["/etc/passwd", "../../../outside"])
def test_a_link_outside_is_refused(tmp_path, folder, kind, target):
    archive = tar_of(tmp_path / "bad.tar", member("JPEGImages/a.jpg", kind, target))
    with pytest.raises(ArchiveError, match=r"bad\.tar has a dangerous member"):
        list(extract(archive, folder, pictures))
    assert contents(folder) == {}


def test_a_device_is_refused(tmp_path, folder):
    archive = tar_of(tmp_path / "bad.tar", member("JPEGImages/a.jpg", tarfile.CHRTYPE))
    with pytest.raises(ArchiveError, match="dangerous"):
        list(extract(archive, folder, pictures))


def test_a_link_inside_is_no_file(tmp_path, folder):
    archive = tar_of(
        tmp_path / "a.tar", member("JPEGImages/b.jpg"), member("JPEGImages/a.jpg", tarfile.SYMTYPE, "b.jpg")
    )
    with pytest.raises(ArchiveError, match=r"JPEGImages/a\.jpg is a link"):
        list(extract(archive, folder, pictures))


def test_a_link_in_a_zip_is_no_file(tmp_path, folder):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("JPEGImages/a.jpg")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(ArchiveError, match=r"JPEGImages/a\.jpg is a link"):
        list(extract(tmp_path / "a.zip", folder, pictures))


def test_a_file_that_is_there_twice(tmp_path, folder):
    archive = write_tar(tmp_path / "a.tar", {"x/JPEGImages/a.jpg": b"1", "y/JPEGImages/a.jpg": b"2"})
    with pytest.raises(ArchiveError, match=r"a\.jpg twice \(again as y/JPEGImages/a\.jpg\)"):
        list(extract(archive, folder, pictures))


@pytest.mark.parametrize("name", ["a.tar", "a.tgz", "a.zip"])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.7])
def test_a_truncated_archive(tmp_path, folder, name, kept):
    content = {f"JPEGImages/{i}.jpg": bytes(range(256)) * 40 for i in range(8)}
    archive = (write_zip if name.endswith("zip") else write_tar)(tmp_path / name, content)
    archive.write_bytes(archive.read_bytes()[: int(kept * archive.stat().st_size)])
    with pytest.raises(ArchiveError, match=f"{name} cannot be read .*get it again"):
        list(extract(archive, folder, pictures))


def test_a_full_disk_is_not_blamed_on_the_archive(tmp_path):
    archive = write_tar(tmp_path / "a.tar", GOOD)
    with pytest.raises(FileNotFoundError):
        list(extract(archive, tmp_path / "no such folder", pictures))


def test_checksums(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    verify(file, None)
    verify(file, "md5:900150983cd24fb0d6963f7d28e17f72")
    verify(file, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    with pytest.raises(ArchiveError, match=r"a has the md5 checksum 9001\w+ instead of 0{32}: get the file again"):
        verify(file, f"md5:{'0' * 32}")
    with pytest.raises(ArchiveError, match=r"b is missing: put the file there"):
        verify(tmp_path / "b", None)


@pytest.mark.parametrize("inner", ["", "VOC2012", "VOCdevkit/VOC2012"])
def test_a_folder_may_be_named_at_any_level(tmp_path, folder, inner):
    place = tmp_path / "source" / inner / "JPEGImages"
    place.mkdir(parents=True)
    (place / "a.jpg").write_bytes(b"A")
    assert list(fetch(tmp_path / "source", "JPEGImages", ["a.jpg", "b.jpg"], folder, link=True)) == ["a.jpg"]
    assert (folder / "a.jpg").is_symlink() and contents(folder) == {"a.jpg": b"A"}


def test_a_folder_of_the_files_themselves(tmp_path, folder):
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "a.mat").write_bytes(b"A")
    assert list(fetch(tmp_path / "maps", "cls", ["a.mat"], folder)) == ["a.mat"]
    assert not (folder / "a.mat").is_symlink()
    with pytest.raises(ArchiveError, match="maps has no folder cls"):
        list(fetch(tmp_path / "maps", "cls", ["c.mat"], folder))


@pytest.mark.parametrize("packed", [True, False])
def test_names_as_macos_and_cameras_spell_them(tmp_path, folder, packed):
    names = {"K\u00e4se.png": "Ka\u0308se.png", "a.png": "a.PNG", "b.png": "b.png"}
    if packed:
        source = write_zip(tmp_path / "maps.zip", {f"maps/{name}": b"x" for name in names.values()})
    else:
        source = tmp_path / "maps"
        source.mkdir()
        for name in names.values():
            (source / name).write_bytes(b"x")
    assert sorted(fetch(source, "", [*names, "c.png"], folder)) == sorted(names)
    assert sorted(f.name for f in folder.iterdir()) == sorted(names)


def test_an_inner_folder_is_matched_whole(tmp_path, folder):
    members = {"v/ImageSets/Segmentation/val.txt": b"1", "v/ImageSets/Main/val.txt": b"2", "Segmentation/val.txt": b"3"}
    archive = write_tar(tmp_path / "a.tar", members)
    assert list(fetch(archive, "ImageSets/Segmentation", ["val.txt"], folder)) == ["val.txt"]
    assert contents(folder) == {"val.txt": b"1"}


def test_what_macos_adds_to_a_zip_is_left_out(tmp_path, folder):
    archive = write_zip(tmp_path / "a.zip", {"maps/a.png": b"1", "__MACOSX/maps/a.png": b"2"})
    assert list(fetch(archive, "", ["a.png"], folder)) == ["a.png"]
    assert contents(folder) == {"a.png": b"1"}
