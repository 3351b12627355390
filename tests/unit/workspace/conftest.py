"""A repository with one commit, so that the next ones have a parent."""

import pytest
from git_repository import Repository


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "repository")
    made.commit(0, {"README.md": "x\n", "first.py": "begin = 1\n"})
    return made
