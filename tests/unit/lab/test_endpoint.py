"""An endpoint that is busy, hangs up, redirects or talks nonsense; and what it is told."""

import http.server
import json
import threading
from types import SimpleNamespace

import pytest

from linewise.errors import LabDataError
from linewise.lab import endpoint
from linewise.lab.endpoint import Chat
from linewise.lab.patches.repair_model import RepairModel


@pytest.fixture
def pauses(monkeypatch):
    slept = []
    # The module's own name: threads that other tests left behind sleep too.
    monkeypatch.setattr(endpoint, "time", SimpleNamespace(sleep=slept.append))
    return slept


@pytest.fixture
def server():
    """Answers as told, one (status, headers, body) after the other, the last one for good."""
    asked, answers = [], []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, dict(self.headers), json.loads(body)))
            status, headers, answer = answers[0] if len(answers) == 1 else answers.pop(0)
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

        do_GET = do_POST

        def log_message(self, *_):
            pass

    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}/v1", asked, answers
    made.shutdown()
    made.server_close()


def says(text):
    return 200, {}, {"choices": [{"message": {"content": text}}]}


def test_nothing_is_said_that_was_not_asked_for(server):
    url, asked, answers = server
    answers.append(says("yes"))
    assert Chat(f"{url}/", "m").ask("well?", 0.5) == "yes"
    (path, headers, body), *_ = asked
    messages = [{"role": "user", "content": "well?"}]
    assert (path, body) == (
        "/v1/chat/completions",
        {"model": "m", "messages": messages, "temperature": 0.5},
    )
    assert "Authorization" not in headers
    assert Chat(url, "m", most_tokens=7).ask("") == "yes"
    assert asked[1][2]["max_tokens"] == 7
    answers[:] = [says(None)]
    assert Chat(url, "m").ask("") == ""


@pytest.mark.parametrize("status", [429, 500, 503, None])
def test_a_busy_server_is_asked_again(server, pauses, status):
    url, asked, answers = server
    answers += [(status, {}, b""), (status, {}, b""), says("now")]
    assert Chat(url, "m").ask("") == "now"
    assert (len(asked), pauses) == (3, [1.0, 2.0])


def test_one_that_stays_busy_is_named_at_last(server, pauses):
    url, asked, answers = server
    answers.append((503, {}, b""))
    with pytest.raises(LabDataError, match=r"/v1/chat/completions: no usable answer \(.*503"):
        Chat(url, "m").ask("")
    assert (len(asked), pauses) == (4, [1.0, 2.0, 4.0])


@pytest.mark.parametrize(
    ("wanted", "slept"), [("3", 3.0), ("86400", 30.0), ("soon", 1.0), ("", 1.0), ("-1", 1.0)]
)
def test_it_may_say_how_long_it_is_busy(server, pauses, wanted, slept):
    url, _, answers = server
    answers += [(429, {"Retry-After": wanted}, b""), says("now")]
    assert Chat(url, "m").ask("") == "now"
    assert pauses == [slept]


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        ((401, {}, b""), "need a key"),
        ((404, {}, b""), "serve the model 'm'"),
        ((400, {}, b""), "400"),
        ((200, {}, b"<html>"), "is it running"),
        ((200, {}, []), "no usable answer"),
        ((200, {}, {"choices": []}), "no usable answer"),
        ((200, {}, {"choices": [None]}), "no usable answer"),
        ((200, {}, b"\xff\xfe"), "no usable answer"),
        ((200, {"Content-Length": "99"}, b"{"), "no usable answer"),
    ],
)
def test_an_answer_that_is_none_is_not_asked_for_again(server, pauses, answer, advice):
    url, asked, answers = server
    answers.append(answer)
    with pytest.raises(LabDataError, match=advice):
        Chat(url, "m", key="s3cret").ask("")
    assert (len(asked), pauses) == (1, [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_it_leads_nowhere_else(server, status):
    url, asked, answers = server
    answers += [(status, {"Location": f"{url}/elsewhere"}, b""), says("caught")]
    with pytest.raises(LabDataError, match="it redirects: name the address it leads to"):
        Chat(url, "m", key="s3cret").ask("")
    assert len(asked) == 1


def test_one_that_takes_too_long():
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as silent:
        url = f"http://127.0.0.1:{silent.server_port}"
        with pytest.raises(LabDataError, match=r"it took longer than 0.2 s"):
            Chat(url, "m", seconds=0.2).ask("")


@pytest.mark.parametrize(
    "url", ["", "localhost:8080", "file:///etc/passwd", "ftp://a/b", "http://", "http://[", "//a"]
)
def test_what_is_no_address_is_refused_before_anything_is_sent(url):
    for made in (Chat, RepairModel):
        with pytest.raises(LabDataError, match="http:// or https://"):
            made(url, "m")
