"""Scans of small projects, and what a store holds after them."""

import os

from linewise.settings import Settings
from linewise.workspace.scan.choice import statement_kinds
from linewise.workspace.scan.records import Reader
from linewise.workspace.scan.scan import Instruments, Request, Scan
from linewise.workspace.scan.selection import Selection
from linewise.workspace.scan.store import Store
from linewise.workspace.scan.walk import Globs

READER = Reader("tiny", "0" * 64, "1" * 64, statement_kinds())


def function(name, *lines):
    return "".join(f"{line}\n" for line in (f"def {name}(x):", *(f"    {line}" for line in lines)))


PROJECT = {
    "a.py": '"""Start."""\nimport os\n\n\n'
    + function("first", "y = x + 1", "return y")
    + "\n\n"
    + function("second", "if x:", "    return os.sep", "return None"),
    "pkg/__init__.py": "",
    "pkg/b.py": "class A:\n    z = 1\n\n    def method(self):\n        return self.z\n",
    "pkg/c.py": function("third", "for each in x:", "    print(each)") + "\nVALUE = third([1])\n",
}


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def unloadable():
    raise AssertionError("nothing needs reading, so no model is needed")


def instruments(engine, rationalizer=None):
    return lambda: Instruments(engine.model, engine, rationalizer)


def scan(root, load, said=None, interrupted=lambda: False, **request):
    """Scan a folder to the end and return the progress."""
    with Store.open(root, print) as store:
        running = Scan(store, ask(root, **request), load, said or print)
        while not running.finished:
            running.step(interrupted)
        return running.progress


def begun(root, load, **request):
    """Scan in a fork of this process; return its process id once it has begun.

    A fork can be killed for real, without fifty times the imports.
    """
    ready, tell = os.pipe()
    if not (child := os.fork()):
        try:
            os.write(tell, b".")
            scan(root, load, **request)
        finally:
            os._exit(0)
    os.read(ready, 1)
    os.close(ready)
    os.close(tell)
    return child


def ask(root, folder=None, reader=READER, settings=None, globs=None, **rest):
    selection = Selection(folder or root, settings or Settings(), globs=globs or Globs())
    return Request(root, folder or root, reader, selection, **rest)


def content(root):
    """Return all that a store says of files, readable in a failure and free of ids and times."""
    with Store.open(root, print) as store, store.database.reading() as rows:
        files = rows.execute(
            "SELECT files.path, hex(files.content), problem, model, hex(lines) FROM files "
            "LEFT JOIN readings ON file = files.id LEFT JOIN readers ON readers.id = reader "
            "ORDER BY files.path, model"
        ).fetchall()
        units = rows.execute(
            "SELECT path, ordinal, kind, placements.name, first_line, last_line, hex(key), tokens, "
            "hex(heads), methods.name, hex(sums), hex(control) FROM files "
            "JOIN readings ON file = files.id JOIN placements ON reading = readings.id "
            "JOIN units ON units.id = placements.unit "
            "LEFT JOIN rationales ON rationales.unit = units.id "
            "LEFT JOIN methods ON methods.id = method ORDER BY path, ordinal, methods.name"
        ).fetchall()
    assert len({(row[0], row[1], row[9]) for row in units}) == len(units)
    return files, units
