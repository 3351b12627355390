"""The model a study is about: the same when pieces are drawn and when they are scored."""

from __future__ import annotations

from attrs import frozen
from tokenizers import Tokenizer

from linewise.engine import Engine
from linewise.models import cache
from linewise.models.incremental import IncrementalModel
from linewise.models.runtime import TargetModel
from linewise.probe.runtime import Probe
from linewise.probe.shipped import find_probe
from linewise.rationale.attribution import EditRisks, NextTokens, Targets
from linewise.rationale.study.files import Piece, Study, StudyError
from linewise.rationale.study.pieces import Decode
from linewise.rationale.study.target import Target


@frozen(eq=False)
class Subject:
    """An installed model, ready to be asked; with its probe where lines at risk are explained."""

    target: TargetModel
    probe: Probe | None

    @classmethod
    def load(cls, name: str, kind: Target) -> Subject:
        """Load an installed model.

        Raises
        ------
        LinewiseError
            If it is not installed or damaged, or its probe is needed and missing.
        """
        target = TargetModel.load(name)
        if kind is Target.NEXT_TOKEN:
            return cls(target, None)
        folder = find_probe(name)
        if folder is None:
            raise StudyError(
                f"there is no probe for {name}, so none of its lines is flagged: choose "
                "--target next-token, or a model with a probe (`linewise models list`)"
            )
        probe = Probe(folder)
        probe.manifest.check_fits(target.name, target.weights_sha256, target.layers)
        return cls(target, probe)

    @property
    def identity(self) -> str | None:
        """The probe's identity, if there is one."""
        return None if self.probe is None else self.probe.manifest.identity

    @property
    def engine(self) -> Engine | None:
        """What scores lines, if there is a probe."""
        return None if self.probe is None else Engine(self.target, self.probe)

    def decoder(self) -> Decode:
        """Return what spells the model's tokens."""
        path = cache.verified(self.target.installed, "tokenizer.json")
        tokenizer = Tokenizer.from_file(str(path))

        def decode(ids: list[int]) -> str:
            text: str = tokenizer.decode(ids, skip_special_tokens=False)
            return text

        return decode

    def check(self, study: Study) -> None:
        """Refuse a study of another model.

        Raises
        ------
        StudyError
            If the model or its probe is not the one the pieces were drawn for.
        """
        if self.target.identity != study.identity:
            raise StudyError(
                f"the study is about another build of {study.model} ({study.identity[:12]}…, "
                f"installed is {self.target.identity[:12]}…): install that one, or export anew"
            )
        if self.identity != study.probe:
            raise StudyError(
                f"the study is about another probe of {study.model}: use the version of Linewise "
                "that it was exported with, or export anew"
            )


def targets_of(model: IncrementalModel, probe: Probe | None, piece: Piece) -> Targets:
    """Return what a piece asks of the model: the risk of its line, or the token at its end."""
    if probe is None:
        return NextTokens(model, piece.ids, [len(piece.ids) - 1])
    first = sum(piece.sizes[: piece.target[0]])
    return EditRisks(model, probe, piece.ids, [(first, len(piece.ids))])
