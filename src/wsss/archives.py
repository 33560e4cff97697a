"""Archives: their checksums, and single files of them.  Nothing is ever written to a path that an archive chose."""

import hashlib
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

Choice = Callable[[PurePosixPath], str | None]


class ArchiveError(ValueError):
    """An archive that is missing, damaged, hostile or not the expected one, in one sentence."""


def verify(path: Path, checksum: str | None) -> None:
    """Raises ``ArchiveError`` unless the file exists and has ``checksum``, "md5:…" or "sha256:…"; None: any will do.

    The start of a checksum is enough, as torchvision gives it in names of files.
    """
    if not Path(path).is_file():
        raise ArchiveError(f"{path} is missing: put the file there, or correct its path in the configuration")
    if checksum is None:
        return
    kind, expected = checksum.split(":")
    with open(path, "rb") as stream:
        found = hashlib.file_digest(stream, kind).hexdigest()
    if not found.startswith(expected):
        raise ArchiveError(
            f"{path} has the {kind} checksum {found} instead of {expected}: get the file again, or correct its "
            "checksum in the configuration if it is meant to be another"
        )


def extract(archive: Path, folder: Path, choose: Choice) -> Iterator[str]:
    """Writes chosen files of a tar (packed or not) or zip archive into ``folder`` and yields their names there.

    ``choose``: path inside the archive → plain file name to write it to, or None.  Raises ``ArchiveError`` if any
    member, chosen or not, has a name or is a link that leads out of the archive's folder, if a chosen one is no regular
    file, if two get the same name, and if the archive is damaged.
    """
    written = set()
    for name, target, data in _chosen(archive, folder, choose):
        if target in written:
            raise ArchiveError(f"{archive} holds {target} twice (again as {name}): pack each file once")
        (folder / target).write_bytes(data)
        written.add(target)
        yield target


def _chosen(archive: Path, folder: Path, choose: Choice) -> Iterator[tuple[str, str, bytes]]:
    """Yields (name in the archive, name to write to, content), one file in memory at a time."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                for info in opened.infolist():
                    _refuse_outside(archive, info.filename)
                    if not info.is_dir() and (target := choose(PurePosixPath(info.filename))):
                        _refuse_link(archive, info.filename, stat.S_ISLNK(info.external_attr >> 16))
                        yield info.filename, target, opened.read(info)
        else:
            with tarfile.open(archive) as opened:
                for member in opened:
                    _refuse_outside(archive, member.name)
                    tarfile.data_filter(member, str(folder))
                    if not member.isdir() and (target := choose(PurePosixPath(member.name))):
                        _refuse_link(archive, member.name, not member.isfile())
                        yield member.name, target, opened.extractfile(member).read()
    except tarfile.FilterError as error:
        raise ArchiveError(f"{archive} has a dangerous member ({error}): get the archive from its authors") from error
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, OSError) as error:
        cause = str(error).partition("\n")[0].rstrip(":")  # tarfile lists every form that it has tried
        raise ArchiveError(f"{archive} cannot be read ({cause}): it is damaged or no archive, get it again") from error


def _refuse_outside(archive: Path, name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or path.parts[0].endswith(":"):
        raise ArchiveError(f"{archive} has a member '{name}' outside its folder: get the archive from its authors")


def _refuse_link(archive: Path, name: str, is_link: bool) -> None:
    if is_link:
        raise ArchiveError(f"{archive}: {name} is a link, and only regular files are taken: pack the file itself")
