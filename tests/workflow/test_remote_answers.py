"""What a DVC remote over HTTP answers is told: that it wants a password, and not that it holds nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from checkouts import REPOSITORY


@contextmanager
def remote(status: int) -> Iterator[str]:
    """The address of a server that answers every request with this status."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.send_response(status)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_POST = do_PUT = answer

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/wsss"
        server.shutdown()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with one file under DVC."""
    for command in (["git", "init", "-q", "."], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(command, cwd=tmp_path, check=True)
    (tmp_path / "numbers.csv").write_text("a,b\n")
    subprocess.run([sys.executable, "-m", "dvc", "add", "-q", "numbers.csv"], cwd=tmp_path, check=True)
    return tmp_path


def say(folder: Path, address: str, call: str) -> str:
    """What a function of ``workflow/release.py`` gives or raises there, with this remote."""
    dvc = [sys.executable, "-m", "dvc", "remote", "add", "-q", "-f", "--default", "web", address]
    subprocess.run(dvc, cwd=folder, check=True)
    script = f"import release\ntry: print({call})\nexcept release.ReleaseError as error: print(error)"
    path = os.pathsep.join([str(REPOSITORY / "workflow"), str(REPOSITORY / "src")])
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return run.stdout.strip()


@pytest.mark.parametrize(("status", "words"), [(401, "Unauthorized"), (403, "Forbidden"), (500, "Internal Server")])
def test_what_a_remote_answers_is_told(folder: Path, status: int, words: str):
    with remote(status) as address:
        pushed = say(folder, address, "release._dvc('push', 'numbers.csv')")
        assert pushed.startswith("dvc push: failed to transfer ") and f"{status}, message='{words}" in pushed
        for gone in (".dvc/cache", "numbers.csv"):
            subprocess.run(["rm", "-r", gone], cwd=folder, check=True)
        pulled = say(folder, address, "release._pull(['numbers.csv'])")
        assert pulled.startswith(f"it answers {status}, message='{words}") and "give DVC user and password" in pulled


def test_a_remote_that_lets_us_in_and_holds_nothing(folder: Path):
    for gone in (".dvc/cache", "numbers.csv"):
        subprocess.run(["rm", "-r", gone], cwd=folder, check=True)
    with remote(404) as address:
        assert say(folder, address, "release._pull(['numbers.csv'])") == "it holds none of them"
    assert say(folder, str(folder / "remote"), "release._pull(['numbers.csv'])") == "it holds none of them"
