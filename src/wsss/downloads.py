"""Downloads: a file appears complete and verified, or not at all."""

import socket
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

from wsss.archives import ArchiveError, verify
from wsss.artifacts import written_aside

SILENCE = 60  # seconds without a byte after which a connection counts as lost


class DownloadError(ValueError):
    """A download that failed, in one sentence."""


def _check_length(url: str, file: Path) -> None:
    """Raises ``ArchiveError`` if the server announces another length: a connection that broke off says nothing."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD")) as answer:
            announced = answer.headers.get("Content-Length")
    except HTTPError:  # an address that was signed for GET alone, for instance
        return
    if announced is not None and int(announced) != file.stat().st_size:
        raise ArchiveError(f"{file.stat().st_size} of {announced} bytes")


def download(url: str, path: Path, checksum: str | None) -> None:
    """Downloads ``url`` to ``path`` with torchvision's loader; ``checksum`` as in ``wsss.archives.verify``.

    Raises ``DownloadError`` that says which file to put where; then nothing is left behind.
    """
    from torchvision.datasets.utils import download_url

    path, before = Path(path), socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE)
    try:
        with written_aside(path) as aside:
            download_url(url, str(aside.parent), aside.name)
            if checksum is None:
                _check_length(url, aside)
            verify(aside, checksum)
    except ArchiveError as error:
        raise DownloadError(f"What {url} sent is not the expected file ({error})") from error
    except (OSError, RuntimeError, HTTPException, AttributeError) as error:
        raise DownloadError(
            f"{url} cannot be downloaded ({error}): get the file {path.name} by other means and put it at {path}"
        ) from error
    finally:
        socket.setdefaulttimeout(before)
