"""One conversation with the server users get: the default model, its probe, the console script."""

import sys
from pathlib import Path

import psutil
import pytest
from lsp_session import Session, capabilities

from linewise.settings import DEFAULT_MODEL

EXAMPLE = Path(__file__).parents[2] / "examples" / "inventory.py"


@pytest.mark.slow
@pytest.mark.asyncio
async def test_the_default_model_end_to_end():
    session = Session({"threshold": 0.0, "maxFindingsPerFile": 5}, capabilities())
    await session.start([sys.executable, "-m", "linewise", "serve", "--stdio"])
    try:
        ready = await session.status("ready")
        assert ready["model"] == DEFAULT_MODEL
        assert ready["provider"].endswith("ExecutionProvider")

        text = EXAMPLE.read_text("utf-8")
        uri = EXAMPLE.as_uri()
        session.open(text, uri)
        report = await session.pull(uri)
        assert len(report["items"]) == 5
        ranks = sorted(item["data"]["rank"] for item in report["items"])
        assert ranks == [1, 2, 3, 4, 5]
        first = next(item for item in report["items"] if item["data"]["rank"] == 1)
        assert 0 < first["data"]["baseRate"] < 1
        assert first["data"]["probability"] == max(
            item["data"]["probability"] for item in report["items"]
        )

        line = first["range"]["start"]["line"]
        hover = await session.hover(line, uri=uri)
        # The message of the diagnostic ends with its reason.
        assert first["message"].partition(":")[0] in hover["contents"]["value"]
        assert "1st of" in hover["contents"]["value"]

        area = {"start": {"line": line, "character": 0}, "end": {"line": line + 1, "character": 0}}
        answer = await session.execute("linewise.server.querySpan", {"uri": uri, "range": area})
        assert answer["lines"] == [line]
        assert answer["probability"] == pytest.approx(first["data"]["probability"], abs=1e-4)

        models = await session.execute("linewise.server.listModels")
        assert [model["name"] for model in models if model["active"]] == [DEFAULT_MODEL]
        assert psutil.Process(session.process.pid).memory_info().rss < 700e6

        session.change(text + "\n\nvalue = 1\n", 2, uri)
        session.send_pull(uri)
        code, _ = await session.leave()
        assert code == 0
        assert session.all("window/showMessage") == []
    finally:
        await session.stop()
