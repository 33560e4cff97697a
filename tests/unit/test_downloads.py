"""Downloads from a server on this machine: complete and verified, or nothing."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from wsss.downloads import DownloadError, download

CONTENT = bytes(range(256)) * 1000
CHECKSUM = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


class Handler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        if self.path == "/signed":  # for GET alone
            self.send_error(403)
        else:
            self._answer(b"")

    def do_GET(self):
        # "cut" promises more than it sends, as a connection does that breaks off.
        self._answer(CONTENT[: len(CONTENT) // 2] if self.path == "/cut" else CONTENT)

    def _answer(self, data: bytes):
        self.send_response(404 if self.path == "/absent" else 200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_a_file_is_downloaded_and_verified(server, tmp_path):
    download(f"{server}/file", tmp_path / "sub" / "a.tar", CHECKSUM)
    assert (tmp_path / "sub" / "a.tar").read_bytes() == CONTENT
    assert len(list((tmp_path / "sub").iterdir())) == 1


@pytest.mark.parametrize("checksum", [CHECKSUM, None])
def test_an_address_for_nothing_but_reading(server, tmp_path, checksum):
    download(f"{server}/signed", tmp_path / "a.tar", checksum)
    assert (tmp_path / "a.tar").read_bytes() == CONTENT


@pytest.mark.parametrize("checksum", [CHECKSUM, None])
@pytest.mark.parametrize("path", ["/absent", "/cut"])
def test_what_fails_leaves_nothing(server, tmp_path, path, checksum):
    with pytest.raises(DownloadError) as caught:
        download(f"{server}{path}", tmp_path / "a.tar", checksum)
    assert f"{server}{path}" in str(caught.value) and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_another_checksum(server, tmp_path):
    with pytest.raises(DownloadError, match=r"What http://\S+/file sent is not the expected file .*instead of 0000"):
        download(f"{server}/file", tmp_path / "a.tar", f"md5:{'0' * 32}")
    assert list(tmp_path.iterdir()) == []


def test_without_network_it_is_said_which_file_to_put_where(tmp_path):
    closed = ThreadingHTTPServer(("127.0.0.1", 0), Handler)  # a port at which nobody listens any more
    closed.server_close()
    url = f"http://127.0.0.1:{closed.server_port}/VOCtrainval.tar"
    with pytest.raises(DownloadError, match=rf"{url} cannot be downloaded .*get the file .* and put it at .*/a\.tar"):
        download(url, tmp_path / "a.tar", CHECKSUM)
    assert list(tmp_path.iterdir()) == []
