"""The store: units computed once, files replaced as a whole, deletion and renaming."""

import pytest
from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from scan_rows import BASIS, METHOD, READER, entry, key, rationale, reading

from linewise.workspace.scan.database import GoneError, open_database
from linewise.workspace.scan.location import path_of
from linewise.workspace.scan.records import Method, Reader
from linewise.workspace.scan.store import Store


@pytest.fixture
def store(tmp_path):
    with Store(open_database(tmp_path / "statistics.sqlite", print)) as opened:
        yield opened


def none(path):
    return False


def pending(store, entries, reader, method=None):
    store.survey(((each, BASIS) for each in entries), reader, method)
    return [path.decode() for path in store.pending()]


def test_a_reader_and_a_method_keep_their_ids(store):
    first = store.reader_id(READER), store.method_id(METHOD)
    assert (store.reader_id(READER), store.method_id(METHOD)) == first
    assert store.reader_id(evolve(READER, probe="")) != first[0]
    assert store.method_id(evolve(METHOD, options={"max_places": 5})) != first[1]


def test_methods_and_readers_come_back_as_they_were():
    assert Method.of_row(*METHOD.row()) == METHOD
    assert Reader.of_row(*READER.row()) == READER


def test_what_was_read_comes_back_and_needs_no_reading(store):
    reader = store.reader_id(READER)
    kept = reading(store, reader, "one", "f", "g")
    store.keep_reading(entry("a.py"), BASIS, True, reader, kept)
    found = store.same_content(reader, key("one"), BASIS)
    assert found.placements == kept.placements
    assert found.lines.tolist() == kept.lines.tolist()
    assert pending(store, [entry("a.py"), entry("b.py")], reader) == ["b.py"]
    assert store.is_current(entry("a.py"), BASIS, reader, None)
    assert store.same_content(reader, key("other"), BASIS) is None


@pytest.mark.parametrize("changed", ["size", "modified", "changed", "inode"])
def test_a_file_whose_entry_changed_needs_reading(store, changed):
    reader = store.reader_id(READER)
    store.keep_reading(entry("a.py"), BASIS, True, reader, reading(store, reader, "one", "f"))
    # Times may also go backwards.
    other = evolve(entry("a.py"), **{changed: getattr(entry("a.py"), changed) - 1})
    assert pending(store, [other], reader) == ["a.py"]
    assert not store.is_current(other, BASIS, reader, None)


def test_a_file_that_may_have_changed_unseen_needs_reading(store):
    reader = store.reader_id(READER)
    store.keep_reading(entry("a.py"), BASIS, False, reader, reading(store, reader, "one", "f"))
    assert pending(store, [entry("a.py")], reader) == ["a.py"]


def test_another_reader_needs_to_read_everything(store):
    reader = store.reader_id(READER)
    other = store.reader_id(evolve(READER, identity="2" * 64))
    store.keep_reading(entry("a.py"), BASIS, True, reader, reading(store, reader, "one", "f"))
    assert pending(store, [entry("a.py")], other) == ["a.py"]
    assert store.known(other, [key("f")]) == {}
    store.keep_reading(entry("a.py"), BASIS, True, other, reading(store, other, "one", "f"))
    assert pending(store, [entry("a.py")], reader) == []


def test_a_file_that_cannot_be_read_is_not_read_again_until_it_changes(store):
    reader = store.reader_id(READER)
    store.keep_reading(entry("a.py"), BASIS, True, reader, reading(store, reader, "one", "f"))
    store.keep_problem(entry("a.py", 1), BASIS, True, "binary")
    assert pending(store, [entry("a.py", 1)], reader, store.method_id(METHOD)) == []
    assert store.same_content(reader, key("one"), BASIS) is None
    assert pending(store, [entry("a.py", 2)], reader) == ["a.py"]


def test_a_file_with_an_unexplained_unit_needs_reading(store):
    reader, method = store.reader_id(READER), store.method_id(METHOD)
    kept = reading(store, reader, "one", "f", "g", "f")
    f, g, _ = (each.unit for each in kept.placements)
    store.keep_reading(entry("a.py"), BASIS, True, reader, kept)
    assert pending(store, [entry("a.py")], reader, method) == ["a.py"]
    assert store.unexplained(kept, method) == {f, g}
    store.keep_rationale(f, method, rationale(0))
    assert store.unexplained(kept, method) == {g}
    assert pending(store, [entry("a.py")], reader, method) == ["a.py"]
    store.keep_rationale(g, method, None)
    assert pending(store, [entry("a.py")], reader, method) == []
    assert pending(store, [entry("a.py")], reader, None) == []


def test_files_that_are_gone_are_forgotten_and_their_units_known(store):
    reader = store.reader_id(READER)
    for number, path in enumerate(("a.py", "src/a.py", "src/b.py", "src2/a.py")):
        store.keep_reading(
            entry(path), BASIS, True, reader, reading(store, reader, f"text {number}", f"f{number}")
        )
    store.survey([(entry("src/b.py"), BASIS)], reader, None)
    assert store.forget_missing(b"src/", none) == 1
    everything = [entry(path) for path in ("a.py", "src/a.py", "src/b.py", "src2/a.py")]
    assert pending(store, everything, reader) == ["src/a.py"]
    store.survey([], reader, None)
    assert store.forget_missing(b"", none) == 3
    assert len(store.known(reader, [key(f"f{n}") for n in range(4)])) == 4
    assert store.prune() == 4
    assert store.known(reader, [key(f"f{n}") for n in range(4)]) == {}
    assert store.database.problems() == []


def test_names_that_are_not_utf8_are_names_too(store):
    reader = store.reader_id(READER)
    odd = evolve(entry("a"), path=b"caf\xe9.py")
    store.keep_reading(odd, BASIS, True, reader, reading(store, reader, "one", "f"))
    store.survey([(odd, BASIS)], reader, None)
    assert list(store.pending()) == []


def test_a_path_listed_twice_is_one_file(store):
    reader = store.reader_id(READER)
    assert store.survey([(entry("a.py"), BASIS)] * 2, reader, None) == (1, 1)


def test_a_unit_forgotten_meanwhile_is_said_to_be_gone(store):
    reader, method = store.reader_id(READER), store.method_id(METHOD)
    kept = reading(store, reader, "one", "f")
    store.prune()
    with pytest.raises(GoneError):
        store.keep_reading(entry("a.py"), BASIS, True, reader, kept)
    with pytest.raises(GoneError):
        store.keep_rationale(kept.placements[0].unit, method, rationale(0))
    assert pending(store, [entry("a.py")], reader) == ["a.py"]


def test_it_lies_in_the_state_folder_or_in_the_editors(tmp_path, state):
    root = tmp_path / "repository"
    assert path_of(root).is_relative_to(state)
    assert path_of(root, tmp_path / "editor").is_relative_to(tmp_path / "editor")
    assert path_of(root) != path_of(tmp_path / "other")
    with Store.open(root, print) as opened:
        assert opened.database.path == path_of(root)


class StoreMachine(RuleBasedStateMachine):
    """Whatever happens to files, the store holds what the files hold, once."""

    names = st.sampled_from(["a.py", "b.py", "src/a.py"])
    contents = st.lists(st.sampled_from("fghi"), min_size=1, max_size=3).map(tuple)

    def __init__(self):
        super().__init__()
        self.store = Store(open_database(StoreMachine.folder / "statistics.sqlite", print))
        with self.store.database.writing() as rows:
            for table in ("files", "rationales", "units"):
                rows.execute(f"DELETE FROM {table}")
        self.reader, self.method = self.store.reader_id(READER), self.store.method_id(METHOD)
        self.files = {}
        self.version = 0

    @rule(name=names, units=contents)
    def write(self, name, units):
        self.version += 1
        self.files[name] = self.version, units

    @rule(name=names)
    def delete(self, name):
        self.files.pop(name, None)

    @rule(old=names, new=names)
    def rename(self, old, new):
        if old in self.files:
            self.files[new] = self.files.pop(old)

    @rule(steps=st.integers(0, 3))
    def scan(self, steps):
        """A scan that ends after some steps, as if killed."""
        present = {name: entry(name, version) for name, (version, _) in self.files.items()}
        self.store.survey(((each, BASIS) for each in present.values()), self.reader, self.method)
        for path in self.store.pending():
            if not steps:
                return
            steps -= 1
            name = path.decode()
            units = self.files[name][1]
            found = self.store.same_content(self.reader, key(" ".join(units)), BASIS)
            found = found or reading(self.store, self.reader, " ".join(units), *units)
            self.store.keep_reading(present[name], BASIS, True, self.reader, found)
            for unit in self.store.unexplained(found, self.method):
                self.store.keep_rationale(unit, self.method, rationale(unit))
        self.store.forget_missing(b"", none)
        with self.store.database.reading() as rows:
            kept = rows.execute(
                "SELECT path, name FROM files JOIN readings ON file = files.id "
                "JOIN placements ON reading = readings.id JOIN units ON units.id = placements.unit "
                "JOIN rationales ON rationales.unit = units.id ORDER BY path, ordinal"
            ).fetchall()
        assert kept == [
            (name.encode(), unit) for name in sorted(self.files) for unit in self.files[name][1]
        ]

    @invariant()
    def nothing_dangles(self):
        assert self.store.database.problems() == []

    def teardown(self):
        self.store.close()


def test_whatever_happens_to_files(tmp_path):
    StoreMachine.folder = tmp_path
    case = StoreMachine.TestCase
    case.settings = settings(max_examples=25, stateful_step_count=20)
    case("runTest").runTest()
