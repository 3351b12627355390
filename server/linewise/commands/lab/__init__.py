"""``linewise lab``: data, baselines, calibration and evaluation of probes, offline."""

from __future__ import annotations

import typer

from linewise.commands.lab.compat import compat
from linewise.commands.lab.datasets import mutations, patches, sheet
from linewise.commands.lab.evaluation import calibrate, evaluate, predict, transfer
from linewise.commands.lab.training import adapt, curves, embed, train

app = typer.Typer(no_args_is_help=True, help="Train, calibrate and evaluate probes.")
for command in (
    patches,
    mutations,
    sheet,
    embed,
    train,
    curves,
    adapt,
    predict,
    calibrate,
    evaluate,
    transfer,
    compat,
):
    app.command()(command)
