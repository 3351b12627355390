"""Only what changed is shown: comparing holds nothing up, and old texts are never refused."""

import asyncio
import threading

import pytest
from git_repository import Repository

from linewise.workspace import changes

pytestmark = pytest.mark.asyncio

OLD = "danger = doubt\nx = 1\ndanger = maybe\n"
NEW = OLD.replace("maybe", "doubt + maybe")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setenv("LINEWISE_STATE_DIR", str(tmp_path / "state"))
    made = Repository(tmp_path / "repository")
    made.commit(0, {"a.py": OLD, "b.py": OLD, "c/d.py": OLD})
    return made


@pytest.fixture
def held(monkeypatch):
    """Comparing texts with ``wait`` in them does not end before it is set; counts all."""
    gate, compared, compare = threading.Event(), [], changes.changed_lines

    def slowly(before, after):
        compared.append(after)
        if "wait" in after[-1]:
            assert gate.wait(60)
        return compare(before, after)

    monkeypatch.setattr(changes, "changed_lines", slowly)
    yield gate, compared
    gate.set()


def since(connect, **options):
    return connect(settings={"changedSince": "HEAD"}, debounce=0, **options)


async def lines(session, uri):
    return [item["range"]["start"]["line"] for item in (await session.pull(uri))["items"]]


async def test_others_are_answered_while_one_is_compared(connect, repository, held):
    gate, _ = held
    one, other = ((repository.root / name).as_uri() for name in ("a.py", "b.py"))
    async with since(connect) as session:
        session.open(NEW + "# wait", one)
        asked = session.send_pull(one)
        session.open(NEW, other)
        assert await lines(session, other) == [2]
        session.change(NEW + "# wait\n", 2, other)
        assert await lines(session, other) == [2]
        assert not any(each.get("id") == asked for each in session.heard)
        gate.set()
        items = (await session.answer(asked))["result"]["items"]
        assert [each["range"]["start"]["line"] for each in items] == [2]


async def test_what_was_overtaken_is_never_published(connect, repository, held):
    gate, _ = held
    uri = (repository.root / "a.py").as_uri()
    async with since(connect, pull=False) as session:
        session.open(NEW + "# wait", uri)
        session.change(OLD + "danger = danger", 2, uri)
        shown = (await session.published(2, uri))["diagnostics"]
        assert [each["range"]["start"]["line"] for each in shown] == [3]
        gate.set()
        session.change(OLD, 3, uri)
        await session.published(3, uri)
        versions = [each["version"] for each in session.all("textDocument/publishDiagnostics")]
        assert 1 not in versions


async def test_the_server_ends_while_it_compares(connect, repository, held):
    uri = (repository.root / "a.py").as_uri()
    async with since(connect) as session:
        session.open(NEW + "# wait", uri)
        session.send_pull(uri)
        while not held[1]:
            await asyncio.sleep(0.01)
        code, seconds = await session.leave()
        assert (code, seconds < 5) == (0, True)


async def test_the_same_is_compared_once(connect, repository, held):
    uri = (repository.root / "a.py").as_uri()
    async with since(connect) as session:
        session.open(NEW, uri)
        assert await lines(session, uri) == [2]
        session.change(OLD, 2, uri)
        assert await lines(session, uri) == []
        session.change(NEW, 3, uri)
        assert await lines(session, uri) == [2]
        mark = {"uri": uri, "line": 2, "reviewed": True}
        await session.execute("linewise.server.markReviewed", mark)
        assert await lines(session, uri) == []
        assert len(held[1]) == 2


@pytest.mark.parametrize(
    "old",
    [
        OLD.encode() + b"# caf\xe9\n",
        OLD.encode() + b"q = '\0'\n",
        OLD.encode() + b"#\n" * 20_000,
        OLD.encode("utf-16"),
    ],
)
async def test_old_texts_that_would_be_refused(connect, repository, old):
    repository.commit(1, {"a.py": old})
    uri = (repository.root / "a.py").as_uri()
    async with since(connect) as session:
        session.open(NEW, uri)
        assert await lines(session, uri) == [2]


async def test_a_link_is_its_file(connect, repository):
    (repository.root / "link.py").symlink_to("c/d.py")
    (repository.root / "folder").symlink_to("c")
    async with since(connect) as session:
        for name in ("c/d.py", "link.py", "folder/d.py"):
            uri = (repository.root / name).as_uri()
            session.open(NEW, uri)
            assert await lines(session, uri) == [2]
        mark = {"uri": uri, "line": 2, "reviewed": True}
        await session.execute("linewise.server.markReviewed", mark)
        for name in ("c/d.py", "link.py"):
            assert await lines(session, (repository.root / name).as_uri()) == []


async def test_names_that_are_not_utf8(connect, repository):
    path = repository.root / "d\udcfe" / "bad\udcff.py"
    path.parent.mkdir()
    path.write_text(OLD)
    repository.commit(1)
    async with since(connect) as session:
        session.open(NEW, path.as_uri())
        assert await lines(session, path.as_uri()) == [2]
        asked = {"uri": path.as_uri(), "line": 2}
        assert await session.execute("linewise.server.addToBaseline", asked)
        assert await lines(session, path.as_uri()) == []


async def test_a_file_that_git_leaves_out_is_not_inherited_from(connect, repository):
    async with connect(debounce=0) as session:
        first, second = ((repository.root / name).as_uri() for name in ("c/d.py", "new.py"))
        session.open(OLD, first)
        assert await session.execute("linewise.server.addToBaseline", {"uri": first})
        assert await lines(session, first) == []
        session.close(first)
        repository.git("update-index", "--skip-worktree", "c/d.py")
        (repository.root / "c" / "d.py").unlink()
        session.open(OLD, second)
        assert await lines(session, second) == [0, 2]
        repository.git("update-index", "--no-skip-worktree", "c/d.py")
        session.change(OLD + "\n", 2, second)
        assert await lines(session, second) == []
