"""Which hardware ONNX Runtime uses, and why: asked before it is, so that it never complains."""

from __future__ import annotations

import ctypes
import io
import os
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"


@cache
def describe() -> tuple[str, str]:
    """Return the execution provider in use and the reason in one short sentence.

    CUDA is chosen only once a GPU has answered and every library the provider links to has been
    loaded; ONNX Runtime would otherwise print an error and fall back.
    """
    # Late, here and elsewhere: what reads no code is not to pay for it.
    import onnxruntime

    if CUDA not in onnxruntime.get_available_providers():
        return CPU, "the installed ONNX Runtime has no CUDA support"
    if missing := _missing_gpu() or _missing_libraries():
        return CPU, missing
    return CUDA, "a CUDA GPU and its libraries were found"


def default_scheme(provider: str) -> str:
    """Return the quantization scheme a new conversion uses: int8 kernels exist on the CPU only."""
    return "fp32" if provider == CUDA else "int8-smooth"


def chain_for(scheme: str) -> list[str | tuple[str, dict[str, str]]]:
    """Return the providers, with their options, that run a graph of that scheme fastest here."""
    if scheme != "fp32" or describe()[0] == CPU:
        return [CPU]
    # TF32 products would cost three digits that the self-test of this scheme insists on.
    return [(CUDA, {"use_tf32": "0"}), CPU]


def _missing_gpu() -> str | None:
    name = "nvcuda.dll" if os.name == "nt" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(name)
    except OSError:
        return "there is no NVIDIA driver"
    count = ctypes.c_int(0)
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
        return "the NVIDIA driver finds no GPU"
    return None


def _missing_libraries() -> str | None:
    import onnxruntime

    folder = Path(onnxruntime.__file__).parent / "capi"
    prefix, suffix = ("", ".dll") if os.name == "nt" else ("lib", ".so")
    try:
        # Finds the libraries of NVIDIA's own wheels; prints a line for each one it does not find.
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            onnxruntime.preload_dlls()
        for part in ("shared", "cuda"):
            path = folder / f"{prefix}onnxruntime_providers_{part}{suffix}"
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        return f"the CUDA libraries are not all installed ({error})"
    return None
