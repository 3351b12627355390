"""What names and paths mean, and what the shipped registry holds."""

import pytest

from linewise.errors import LinewiseError, ModelNotFoundError
from linewise.models import registry
from linewise.models.registry import FolderSource, GgufSource, HubSource, WheelSource
from linewise.settings import DEFAULT_MODEL


def test_the_registry_is_sound():
    known = registry.registered()
    assert next(iter(known)) == DEFAULT_MODEL
    for name, spec in known.items():
        assert spec.name == registry.checked_name(name)
        assert spec.description
        assert spec.license
        assert spec.context_length > 0
        assert all(1 <= layer <= spec.layers for layer in spec.probed)


def test_the_default_is_pinned():
    spec = registry.resolve(DEFAULT_MODEL)
    assert isinstance(spec.source, WheelSource)
    assert "==" in spec.source.requirement
    assert len(spec.sha256) == 64


def test_a_hub_id():
    spec = registry.resolve("Owner/Some_Model-1.5B")
    assert spec.name == "some_model-1.5b"
    assert spec.source == HubSource("Owner/Some_Model-1.5B")


def test_a_folder_and_a_file(tmp_path):
    folder = tmp_path / "My Model"
    folder.mkdir()
    file = tmp_path / "Weights.Q4.gguf"
    file.touch()
    assert registry.resolve(str(folder)) == registry.ModelSpec(
        "my-model", FolderSource(str(folder))
    )
    assert registry.resolve(str(file)) == registry.ModelSpec("weights.q4", GgufSource(str(file)))


@pytest.mark.parametrize("name", ["", "smollm", "a/b/c", "../x", "nothing.gguf"])
def test_unknown(name):
    with pytest.raises(ModelNotFoundError, match="Known names: smollm2-135m"):
        registry.resolve(name)


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "A", "x" * 65, "a b"])
def test_what_cannot_be_a_name(name):
    with pytest.raises(LinewiseError, match="cannot name a model"):
        registry.checked_name(name)


@pytest.mark.parametrize("text", ["Ünï", "...", "a" * 99, "x y/z"])
def test_a_slug_is_a_name(text):
    assert registry.checked_name(registry.slug(text))
