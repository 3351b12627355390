"""Where training is: weights, moments and counts in one file that is replaced as a whole.

Whatever moment a run is killed at, the file holds one complete state. It is safetensors, so
reading it runs no code.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import cattrs
import torch
from attrs import frozen
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from linewise.errors import LabDataError

_WEIGHT = "weight"
_MOMENTS = ("exp_avg", "exp_avg_sq")


@frozen
class Progress:
    """How far training is: ``steps`` done, which read ``tokens`` in ``seconds``."""

    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0


def save(
    path: Path,
    parameters: dict[str, torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    identity: str,
) -> None:
    """Write a state of the run ``identity``: only such a run can go on from it."""
    tensors = {f"{_WEIGHT}.{name}": each.data for name, each in parameters.items()}
    for name, each in parameters.items():
        state = optimizer.state[each]
        tensors |= {f"{kind}.{name}": state[kind] for kind in _MOMENTS}
    about = {"identity": identity, "progress": json.dumps(cattrs.unstructure(progress))}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    save_file({name: each.contiguous() for name, each in tensors.items()}, partial, about)
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(path)


def load(
    path: Path,
    parameters: dict[str, torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
    identity: str,
) -> Progress:
    """Restore what `save` wrote, if there is a file, and return how far it was.

    Raises
    ------
    LabDataError
        If the file is of another run, or damaged.
    """
    if not path.exists():
        return Progress()
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata()
            if about.get("identity") != identity:
                raise LabDataError(
                    f"{path} is of a run with other settings, weights or texts: choose another "
                    "--out, or delete it to begin anew"
                )
            progress = cattrs.structure(json.loads(about["progress"]), Progress)
            for name, each in parameters.items():
                each.data.copy_(file.get_tensor(f"{_WEIGHT}.{name}"))
                moments = {
                    kind: file.get_tensor(f"{kind}.{name}").to(each.device) for kind in _MOMENTS
                }
                step = torch.tensor(float(progress.steps))
                optimizer.state[each] = {"step": step, **moments}
    except SafetensorError as error:
        raise LabDataError(f"{path} is damaged: delete it to begin anew") from error
    return progress
