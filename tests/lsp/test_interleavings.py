"""A result for a version is never published after the next version arrived, whatever the timing."""

import asyncio
import itertools

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from loopback import Loopback
from lsp_session import capabilities
from tiny_server import load

UNITS = 4
PAUSES = {"none": 0.0, "a turn": 0.001, "some passes": 0.012, "until published": None}


def text(risky, pace):
    """A document with ``risky`` flagged lines among units that take their time."""
    lines = ["danger = doubt" if number < risky else "pass" for number in range(UNITS)]
    return "".join(
        f"def f{number}():\n    {pace}\n    {line}\n" for number, line in enumerate(lines)
    )


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def loopback(runner, probe):
    client = Loopback(
        lambda name: load(probe, name),
        capabilities(pull=False, configuration=False),
        debounce=0.002,
    )
    runner.run(client.__aenter__())
    yield client
    runner.run(client.__aexit__())


edits = st.lists(
    st.tuples(
        st.integers(0, UNITS), st.sampled_from(["quick", "brief"]), st.sampled_from(list(PAUSES))
    ),
    min_size=1,
    max_size=6,
)
numbers = itertools.count()


@settings(max_examples=200, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(edits, st.booleans())
def test_only_the_newest_version_is_ever_published(runner, loopback, steps, closes):
    uri = f"file:///{next(numbers)}.py"

    def published(version):
        return [
            each["params"]
            for each in loopback.sent("textDocument/publishDiagnostics")
            if each["params"]["uri"] == uri and each["params"].get("version") == version
        ]

    async def converse():
        loopback.open(uri, text(0, "quick"), 0)
        for version, (risky, pace, pause) in enumerate(steps, start=1):
            loopback.change(uri, text(risky, pace), version)
            if PAUSES[pause] is None:
                await loopback.until(lambda version=version: published(version))
            else:
                await asyncio.sleep(PAUSES[pause])
        if closes:
            loopback.close(uri)
            await loopback.until(lambda: published(None))
        else:
            await loopback.until(lambda: published(len(steps)))

    mark = len(loopback.log)
    runner.run(converse())

    newest = None
    for direction, message in loopback.log[mark:]:
        params = message.get("params") or {}
        if params.get("textDocument", params).get("uri") != uri:
            continue
        if direction == "arrived":
            newest = params["textDocument"].get("version")
        elif message["method"] == "textDocument/publishDiagnostics":
            assert params.get("version") == newest
    if not closes:
        assert len(published(len(steps))[-1]["diagnostics"]) == steps[-1][0]
