"""From `initialize` to exit: what is announced, how fast, what is loaded, how the process ends."""

import os
import subprocess
import sys

import psutil
import pytest
from lsp_session import SLOW_FILE, Session, capabilities

import linewise


@pytest.mark.asyncio
async def test_whole_answer_to_initialize(connect):
    async with connect() as session:
        assert session.heard[0]["result"] == {
            "capabilities": {
                "positionEncoding": "utf-16",
                "textDocumentSync": {"openClose": True, "change": 1, "save": True},
                "hoverProvider": True,
                "codeActionProvider": {
                    "codeActionKinds": ["quickfix", "source.acceptAll.linewise"],
                    "resolveProvider": False,
                },
                "codeLensProvider": {"resolveProvider": False},
                "inlayHintProvider": {"resolveProvider": False},
                "semanticTokensProvider": {
                    "legend": {
                        "tokenTypes": ["linewise"],
                        "tokenModifiers": ["medium", "high", "reviewed"],
                    },
                    "full": True,
                },
                "executeCommandProvider": {
                    "commands": [
                        "linewise.server.querySpan",
                        "linewise.server.resetFeedback",
                        "linewise.server.markReviewed",
                        "linewise.server.acceptFile",
                        "linewise.server.notUseful",
                        "linewise.server.ignore",
                        "linewise.server.addToBaseline",
                        "linewise.server.whatIf",
                        "linewise.server.explainLine",
                        "linewise.server.showLine",
                        "linewise.server.riskyLines",
                        "linewise.server.copyMarkdown",
                        "linewise.server.scan",
                        "linewise.server.report",
                        "linewise.server.pauseScan",
                        "linewise.server.resumeScan",
                        "linewise.server.listModels",
                    ]
                },
                "diagnosticProvider": {
                    "identifier": "linewise",
                    "interFileDependencies": False,
                    "workspaceDiagnostics": True,
                },
                "workspace": {
                    "workspaceFolders": {"supported": True, "changeNotifications": True},
                    "fileOperations": {},
                },
            },
            "serverInfo": {"name": "linewise", "version": linewise.__version__},
        }


@pytest.mark.asyncio
async def test_whole_progress_of_loading(connect):
    async with connect() as session:
        await session.until(lambda: len(session.all("$/progress")) == 2)
        (created,) = session.all("window/workDoneProgress/create")
        assert session.all("$/progress") == [
            {
                "token": created["token"],
                "value": {
                    "kind": "begin",
                    "title": "Linewise: loading smollm2-135m",
                    "cancellable": False,
                },
            },
            {"token": created["token"], "value": {"kind": "end"}},
        ]
        await session.configure({"model": "another"})
        await session.until(lambda: len(session.all("$/progress")) == 4)
        tokens = [each["token"] for each in session.all("window/workDoneProgress/create")]
        assert len(set(tokens)) == 2


@pytest.mark.asyncio
async def test_no_progress_for_a_client_that_shows_none(connect):
    async with connect(progress=False) as session:
        session.open("danger = doubt\n")
        await session.pull()
        assert session.requests("window/workDoneProgress/create") == []
        assert session.all("$/progress") == []


@pytest.mark.asyncio
async def test_initialize_costs_little_more_than_importing_the_protocol():
    """700 ms where this was written, of which the protocol's 700 classes take half."""
    seconds, floor = [], []
    for _ in range(3):
        before = os.times()
        subprocess.run([sys.executable, "-c", "import lsprotocol.types"], check=True)
        after = os.times()
        # Processor time: what other processes take of the machine is not ours to answer for.
        floor.append(
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )
        session = Session({}, capabilities())
        await session.start([sys.executable, "-m", "linewise", "serve", "--stdio"])
        times = psutil.Process(session.process.pid).cpu_times()
        seconds.append(times.user + times.system)
        await session.stop()
    assert min(seconds) < 2.2 * min(floor)


async def leave_busy(launch, *, settings=None, state="busy", command=False):
    """Shut a working server down, up to three times for a time others did not spoil."""
    times = []
    while len(times) < 3 and min(times, default=1.0) > 0.5:
        async with launch(settings=settings or {}, ready=state == "busy") as session:
            session.open(SLOW_FILE)
            if command:
                area = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
                query = {"uri": "file:///a.py", "range": area}
                session.send_execute("linewise.server.querySpan", query)
            else:
                session.send_pull()
            await session.status(state)
            code, seconds = await session.leave()
            assert code == 0
            times.append(seconds)
    return min(times)


@pytest.mark.asyncio
@pytest.mark.parametrize("command", [False, True], ids=["pull", "command"])
async def test_shutdown_while_scoring_answers_null_and_ends_in_500_ms(launch, command):
    assert await leave_busy(launch, command=command) < 0.5


@pytest.mark.asyncio
async def test_shutdown_while_loading_answers_null_and_ends_in_500_ms(launch, tmp_path):
    settings = {"model": f"gated:{tmp_path / 'never'}"}
    assert await leave_busy(launch, settings=settings, state="loading") < 0.5


@pytest.mark.asyncio
async def test_after_shutdown_nothing_but_exit_is_done(launch):
    async with launch() as session:
        await session.ask("shutdown")
        answer = await session.answer(session.send_pull())
        assert answer["error"]["code"] == -32600
        assert await session.exit() == 0


@pytest.mark.asyncio
async def test_exit_without_shutdown_is_an_error(launch):
    async with launch() as session:
        assert await session.exit() == 1


@pytest.mark.asyncio
async def test_the_server_ends_with_its_client(launch):
    async with launch() as session:
        session.open(SLOW_FILE)
        session.send_pull()
        await session.status("busy")
        session.process.stdin.close()
        assert await session.ended() == 1


@pytest.mark.asyncio
async def test_memory_does_not_grow_with_edits(launch):
    async with launch(debounce=0) as session:
        process = psutil.Process(session.process.pid)

        async def edit(versions):
            for version in versions:
                session.change(f"danger = {version % 7}\n", version)
                await session.hover(0)
            await session.pull()
            return process.memory_info().rss

        session.open("danger = doubt\n")
        await session.pull()
        # What explains lines is imported once the first one is flagged.
        await session.complete_hover(0)
        before = await edit(range(2, 1_000))
        assert await edit(range(1_000, 3_000)) - before < 1_000_000


def test_importing_the_server_imports_nothing_heavy():
    code = (
        "import sys, linewise.lsp.server\n"
        "heavy = {'torch', 'transformers', 'onnxruntime', 'tokenizers', 'tree_sitter', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.asyncio
async def test_tcp_serves_one_client_on_the_loopback_interface(probe):
    code = "import sys\nfrom linewise.lsp.server import serve_tcp\nsys.exit(serve_tcp(0))"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    address = process.stderr.readline().split()[-1]
    host, port = address.rsplit(":", 1)
    assert host == "127.0.0.1"
    session = Session({}, capabilities())
    await session.connect(host, int(port))
    assert session.initialized.server_info.name == "linewise"
    with pytest.raises(ConnectionRefusedError):
        await Session({}, capabilities()).connect(host, int(port))
    await session.ask("shutdown")
    session.client.exit(None)
    assert process.wait(timeout=10) == 0
    process.stderr.close()
