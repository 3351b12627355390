"""A server whose model is a table: what a line is worth, and how long it takes, stand in its text.

The probabilities are exact: a line's logit is the sum of its tokens' values less five. A unit that
mentions ``slow`` takes 30 ms, one with ``crash`` fails; model names choose what loading does. Run
as a script, it serves standard input and output.
"""

import re
import socket
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import numpy as np
from attrs import frozen

from linewise.errors import ModelNotFoundError
from linewise.lsp.server import LinewiseServer, serve
from linewise.settings import Settings

VALUES = {"danger": 4.0, "doubt": 2.0, "maybe": 1.0, "nan": float("nan")}
BASE = -5.0
BASE_RATE = 0.08
SECONDS = {"slow": 0.03, "brief": 0.005}
_TOKEN = re.compile(r"\w+|\s|[^\w\s]")


def probability(*words):
    """What a line with these words is given."""
    logit = BASE + sum(VALUES[word] for word in words)
    return float(1 / (1 + np.exp(-logit)))


@frozen(eq=False)
class Tokens:
    ids: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


class TinyModel:
    """One hidden value a token: its worth. Ids are numbered as tokens are first seen."""

    provider = "CPUExecutionProvider"

    def __init__(self):
        self._ids = {}
        self._words = []
        self.passes = 0

    def encode(self, text):
        found = list(_TOKEN.finditer(text))
        ids = [self._id(match.group()) for match in found]
        spans = [match.span() for match in found]
        return Tokens(
            np.array(ids, np.int64),
            np.array([start for start, _ in spans], np.int64),
            np.array([end for _, end in spans], np.int64),
        )

    def hidden_states(self, ids):
        self.passes += 1
        words = [self._words[index] for index in ids]
        time.sleep(sum(seconds for word, seconds in SECONDS.items() if word in words))
        if "crash" in words:
            raise RuntimeError("secret_user_code")
        return np.array([[[VALUES.get(word, 0.0)] for word in words]], np.float32)

    def _id(self, word):
        if word not in self._ids:
            self._ids[word] = len(self._words)
            self._words.append(word)
        return self._ids[word]


def load(folder, name):
    """Load what a model name asks for: see the branches."""
    from linewise.engine import Engine
    from linewise.probe.runtime import Probe

    match name.partition(":"):
        case ["missing", *_]:
            raise ModelNotFoundError(
                "the target model 'missing' is not installed: run `linewise models pull missing`"
            )
        case ["stored", _, file] if not Path(file).exists():
            raise ModelNotFoundError("it is gone: pull it again")
        case ["broken", *_]:
            raise RuntimeError("secret_path")
        case ["gated", _, gate]:
            while not Path(gate).exists():
                time.sleep(0.005)
    return Engine(TinyModel(), Probe(folder))


def still(seconds):
    """Settings by which text is scored once it has been still for so long, and nothing else is."""
    return Settings(debounce=round(1_000 * seconds), background_scan=False)


def serve_in_thread(folder, debounce, load=load):
    """Serve one client; return the address and the future of the exit code."""
    ended = Future()
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        with listener, listener.accept()[0] as connection:
            server = LinewiseServer(lambda name: load(folder, name), defaults=still(debounce))
            with connection.makefile("rb") as reader, connection.makefile("wb") as writer:
                server.start_io(reader, writer)
            server.host.stop(1.0)
        ended.set_result(server.exit_code)

    threading.Thread(target=run, daemon=True).start()
    return *listener.getsockname(), ended


if __name__ == "__main__":
    FOLDER = Path(sys.argv[1])
    DEFAULTS = still(float(sys.argv[2]))
    SERVER = LinewiseServer(lambda name: load(FOLDER, name), defaults=DEFAULTS)
    sys.exit(serve(SERVER, sys.stdin.buffer, sys.stdout.buffer))
