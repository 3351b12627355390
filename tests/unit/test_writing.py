"""Writing: strict JSON with any names in it, and files that are whole or as they were."""

import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.writing import replace_file, to_json

NAME = os.fsdecode(b"caf\xc3\xa9/bad\xff\xfe.py")


def test_names_for_others_and_for_ourselves():
    assert to_json([NAME], indent=None) == '["café/bad\ufffd\ufffd.py"]'
    assert to_json([NAME], indent=None, read_back=True) == '["café/bad\\udcff\\udcfe.py"]'
    with pytest.raises(ValueError):
        to_json(float("nan"))


@given(st.dictionaries(st.binary().map(os.fsdecode), st.binary().map(os.fsdecode)))
def test_any_name_is_read_back(value):
    text = to_json(value, read_back=True)
    assert json.loads(text.encode("utf-8")) == value
    to_json(value).encode("utf-8")


@pytest.mark.parametrize("existing", [False, True])
def test_nothing_stays_behind_whatever_goes_wrong(tmp_path, monkeypatch, existing):
    path = tmp_path / "a.json"
    if existing:
        path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        replace_file(path, NAME)
    for step in ("write_bytes", "replace"):
        for error in (OSError, KeyboardInterrupt, MemoryError):
            with monkeypatch.context() as patch:

                def fail(*_, error=error):
                    raise error

                patch.setattr(f"pathlib.Path.{step}", fail)
                with pytest.raises(error):
                    replace_file(path, "new")
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"] * existing
    assert not existing or path.read_text() == "old"
    replace_file(path, "new\n")
    assert path.read_bytes() == b"new\n"


def test_what_an_earlier_version_left_behind_is_no_hindrance(tmp_path):
    (tmp_path / "a.json.partial").write_text("{")
    replace_file(tmp_path / "a.json", "new")
    assert (tmp_path / "a.json").read_text() == "new"


def test_who_may_read_it(tmp_path):
    def mode(name):
        return stat.S_IMODE((tmp_path / name).stat().st_mode)

    old = os.umask(0o022)
    try:
        replace_file(tmp_path / "new", "")
        replace_file(tmp_path / "private", "", private=True)
        (tmp_path / "kept").touch(0o640)
        replace_file(tmp_path / "kept", "")
    finally:
        os.umask(old)
    assert [oct(mode(name)) for name in ("new", "private", "kept")] == ["0o644", "0o600", "0o640"]


def test_links_and_pipes(tmp_path):
    (tmp_path / "link").symlink_to("target")
    replace_file(tmp_path / "link", "new")
    assert (tmp_path / "target").read_text() == "new"
    assert (tmp_path / "link").is_symlink()
    replace_file(tmp_path / "link", "newer")
    assert (tmp_path / "target").read_text() == "newer"
