"""`linewise models`: what is listed, shown, refused and removed. Conversion: tests/unit/models."""

import json
import os
import shutil

import pytest
from command_line import ROOT

from linewise.models import info
from linewise.settings import DEFAULT_MODEL


@pytest.fixture
def cache_copy(tmp_path):
    """A cache of its own with the default model, whose large files are links."""
    installed = info(DEFAULT_MODEL)
    folder = tmp_path / "models" / DEFAULT_MODEL
    folder.mkdir(parents=True)
    for path in installed.folder.iterdir():
        if path.suffix == ".json":
            shutil.copy(path, folder)
        else:
            (folder / path.name).symlink_to(path)
    return folder


def test_list(linewise):
    rows = json.loads(linewise("models", "list", "--json").stdout)
    assert [row["name"] for row in rows][:1] == [DEFAULT_MODEL]
    assert rows[0]["installed"] is True
    assert rows[0]["probe"] is True
    assert rows[0]["size"] > 0
    table = linewise("models", "list").stdout.decode()
    assert all(row["name"] in table for row in rows)


def test_list_without_any(linewise, tmp_path):
    rows = json.loads(linewise("models", "list", "--json", LINEWISE_CACHE_DIR=str(tmp_path)).stdout)
    assert not any(row["installed"] for row in rows)


def test_info(linewise):
    manifest = info(DEFAULT_MODEL).manifest
    output = json.loads(linewise("models", "info", DEFAULT_MODEL, "--json").stdout)
    assert output["identity"] == manifest.identity
    assert output["selftest"]["logp"]["median"] == manifest.selftest.logp.median
    shown = linewise("models", "info", DEFAULT_MODEL).stdout.decode()
    assert manifest.weights_sha256 in shown
    assert f"layer {manifest.layers[0]}" in shown


def test_what_is_not_installed(linewise, tmp_path):
    for command in ("info", "remove"):
        result = linewise("models", command, DEFAULT_MODEL, LINEWISE_CACHE_DIR=str(tmp_path))
        assert result.returncode == 3
        assert b"is not installed" in result.stderr


def test_pulling_what_is_installed_is_quick_and_quiet(linewise):
    result = linewise("models", "pull", DEFAULT_MODEL, "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    result = linewise("models", "pull", DEFAULT_MODEL)
    assert result.stderr.startswith(f"{DEFAULT_MODEL} is ready: ".encode())


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["smolm2-135m"], 3, "Did you mean"),
        ([DEFAULT_MODEL, "--scheme", "int3"], 3, "int3"),
        ([DEFAULT_MODEL, "--revision", "main"], 3, "Hub"),
        ([DEFAULT_MODEL, "--name", "../up"], 3, "cannot name a model"),
        ([DEFAULT_MODEL, "--layers", "0"], 2, "not a list of layers"),
        ([DEFAULT_MODEL, "--layers", "a,b"], 2, "not a list of layers"),
        ([DEFAULT_MODEL, "--from", "gone.whl"], 2, "gone.whl"),
    ],
)
def test_refused_pulls_leave_nothing(linewise, tmp_path, arguments, code, message):
    result = linewise("models", "pull", *arguments, LINEWISE_CACHE_DIR=str(tmp_path), COLUMNS="200")
    assert result.returncode == code
    assert message in result.stderr.decode()
    assert not list(tmp_path.glob("models/[!.]*"))


def test_remove(linewise, cache_copy):
    result = linewise(
        "models", "remove", DEFAULT_MODEL, LINEWISE_CACHE_DIR=str(cache_copy.parents[1])
    )
    assert result.returncode == 0
    assert not cache_copy.exists()
    assert info(DEFAULT_MODEL).folder.exists()


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(data)


def truncate(path):
    data = path.read_bytes()[: path.stat().st_size // 2]
    path.unlink()
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        (flip, "tokenizer.json"),
        (truncate, "tokenizer.json"),
        (flip, "trunk.onnx"),
        (os.remove, "trunk.bin"),
        (truncate, "model.json"),
    ],
)
def test_a_damaged_model_is_named_with_its_remedy(linewise, cache_copy, damage, name):
    damage(cache_copy / name)
    cache = str(cache_copy.parents[1])
    for command in (["check", ROOT / "examples"], ["doctor"]):
        result = linewise(*command, LINEWISE_CACHE_DIR=cache)
        assert result.returncode == 3
        said = (result.stderr if command[0] == "check" else result.stdout).decode()
        assert f"linewise models pull {DEFAULT_MODEL} --force" in " ".join(said.split())
        assert name in said
