"""Which provider is chosen, told by what the machine pretends to have."""

import ctypes
import subprocess
import sys

import onnxruntime
import pytest

from linewise.models import providers


@pytest.fixture
def machine(monkeypatch):
    """A function that pretends: number of GPUs (None: no driver) and whether libraries load."""

    def pretend(gpus, libraries):
        class Driver:
            def cuInit(self, _flags):
                return 0

            def cuDeviceGetCount(self, count):
                count._obj.value = gpus
                return 0

        def load(name, **_):
            if "onnxruntime_providers" in name:
                if not libraries:
                    raise OSError("libcublasLt.so.13: cannot open shared object file")
                return None
            if gpus is None:
                raise OSError(name)
            return Driver()

        monkeypatch.setattr(
            onnxruntime,
            "get_available_providers",
            lambda: [providers.CUDA, providers.CPU],
        )
        monkeypatch.setattr(ctypes, "CDLL", load)
        monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
        return providers.describe()

    providers.describe.cache_clear()
    yield pretend
    providers.describe.cache_clear()


def test_no_driver(machine):
    assert machine(None, False) == (providers.CPU, "there is no NVIDIA driver")


def test_no_gpu(machine):
    assert machine(0, True) == (providers.CPU, "the NVIDIA driver finds no GPU")


def test_no_libraries(machine):
    provider, reason = machine(1, False)
    assert provider == providers.CPU
    assert "libcublasLt" in reason


def test_gpu(machine):
    assert machine(1, True)[0] == providers.CUDA
    assert providers.chain_for("fp32")[0][0] == providers.CUDA
    assert providers.chain_for("fp32")[-1] == providers.CPU
    assert providers.chain_for("int8-smooth") == [providers.CPU]


def test_a_cpu_build_of_the_runtime(machine, monkeypatch):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [providers.CPU])
    assert providers.describe() == (
        providers.CPU,
        "the installed ONNX Runtime has no CUDA support",
    )
    assert providers.chain_for("fp32") == [providers.CPU]


def test_default_schemes():
    assert providers.default_scheme(providers.CPU) == "int8-smooth"
    assert providers.default_scheme(providers.CUDA) == "fp32"


def test_asking_prints_nothing():
    code = "from linewise.models import providers; provider, reason = providers.describe()"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
