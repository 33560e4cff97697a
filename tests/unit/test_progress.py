"""Progress: a bar for a person, plain lines for a log."""

import io
import os
import pty
import re
import time

from wsss.progress import Progress

LINE = re.compile(r"train: (\d+)/8 steps \((\d+) %\), ([\d.]+)/s, (\d+):(\d\d) left")


def slowly(count: int, pause: float = 0.03):
    for i in range(count):
        time.sleep(pause)
        yield i


def on_terminal(use) -> str:
    """What ``use(screen)`` writes to a terminal."""
    reader, writer = pty.openpty()
    try:
        with os.fdopen(writer, "w") as screen:
            use(screen)
        return "".join(iter(lambda: _read(reader), ""))
    finally:
        os.close(reader)


def _read(reader: int) -> str:
    """The next piece of what was written; nothing at its end, which a terminal reports as an error."""
    try:
        return os.read(reader, 1 << 16).decode()
    except OSError:
        return ""


def test_plain_lines_with_rate_and_time_left():
    log, screen = io.StringIO(), io.StringIO()
    progress = Progress("train", log, screen, interval=0.05)
    assert list(progress(slowly(8), 8, "steps")) == list(range(8))
    assert log.getvalue() == screen.getvalue()
    lines = log.getvalue().splitlines()
    matches = [LINE.fullmatch(line) for line in lines]
    assert 2 <= len(lines) <= 5 and all(matches), lines
    counts = [int(m[1]) for m in matches]
    assert counts == sorted(set(counts)) and counts[-1] == 8
    assert [int(m[2]) for m in matches] == [100 * c // 8 for c in counts]
    assert all(1 < float(m[3]) < 1 / 0.03 + 1 for m in matches)
    assert lines[-1].endswith("0:00 left")


def test_the_time_left_is_what_the_rate_promises():
    """A third done in a minute: two minutes left."""
    log = io.StringIO()
    Progress("train", log, io.StringIO())._plain(30, 90, "steps", 60.0, watched=False)
    Progress("train", log, io.StringIO())._plain(75, 90, "steps", 300.0, watched=False)
    assert log.getvalue().splitlines() == [
        "train: 30/90 steps (33 %), 0.5/s, 2:00 left",
        "train: 75/90 steps (83 %), 0.2/s, 1:00 left",
    ]


def test_short_loops_say_nothing():
    log, screen = io.StringIO(), io.StringIO()
    assert list(Progress("train", log, screen)([1, 2, 3])) == [1, 2, 3]
    assert log.getvalue() == screen.getvalue() == ""


def test_messages_go_to_log_and_screen():
    log, screen = io.StringIO(), io.StringIO()
    Progress("train", log, screen).say("epoch 1/2: loss 0.5")
    assert log.getvalue() == screen.getvalue() == "train: epoch 1/2: loss 0.5\n"


def test_a_terminal_shows_a_bar_and_the_log_plain_lines():
    log = io.StringIO()
    text = on_terminal(lambda screen: list(Progress("train", log, screen, interval=0.05)(slowly(8, 0.06), 8, "steps")))
    assert re.search(r"train: +\d+%\|.*\| \d/8 \[\d\d:\d\d<\d\d:\d\d, +[\d.]+ steps/s\]", text), text
    assert not LINE.search(text)
    assert LINE.search(log.getvalue())


def test_messages_on_a_terminal_keep_the_bar_away():
    log = io.StringIO()

    def use(screen):
        progress = Progress("train", log, screen)
        for i in progress(slowly(3), 3):
            progress.say(f"message {i}")

    text = on_terminal(use)
    assert [f"train: message {i}\r\n" in text for i in range(3)] == [True] * 3
    assert log.getvalue() == "".join(f"train: message {i}\n" for i in range(3))
