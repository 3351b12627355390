"""Everything that predicts, by name: baselines and probes, each made from no more than it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from linewise.errors import LabDataError
from linewise.lab.baselines.constant import BaseRate, Random
from linewise.lab.baselines.generator import Endpoint, Generator, LocalGenerator
from linewise.lab.baselines.learned import FeatureModel, boosting, logistic
from linewise.lab.baselines.reflective import Reflective
from linewise.lab.baselines.scored import Scored
from linewise.lab.baselines.self_consistency import Live, Recorded, SelfConsistency
from linewise.lab.baselines.surprisal import SurprisalCache
from linewise.lab.baselines.table import Featurizer
from linewise.lab.baselines.token_probability import (
    ModelDoubt,
    Reduce,
    arithmetic_mean,
    geometric_mean,
    least,
    mean_entropy,
)
from linewise.lab.predictions import Method

if TYPE_CHECKING:
    from linewise.lab.training.logits import HeadLogits
    from linewise.models.runtime import TargetModel

PROBE = "linewise"
PUBLISHED = "published head"


@frozen(eq=False)
class Needs:
    """What methods may ask for; a part is made when the first method asks."""

    data: Path
    cache: Path
    model: str | None = None
    endpoint: str | None = None
    endpoint_model: str = "default"

    @cached_property
    def features(self) -> Featurizer:
        """Lexical and syntactic features."""
        return Featurizer()

    @cached_property
    def recorded(self) -> Recorded:
        """Other programs for the same problems."""
        return Recorded(self.data / "samples.jsonl.gz")

    @cached_property
    def target(self) -> TargetModel:
        """The target model.

        Raises
        ------
        LabDataError
            If none was named.
        """
        from linewise.models.runtime import TargetModel

        if self.model is None:
            raise LabDataError("this method asks the target model: name one with --model")
        return TargetModel.load(self.model)

    @cached_property
    def surprisal(self) -> SurprisalCache:
        """The target model's surprisal."""
        return SurprisalCache(self.target, self.cache)

    @cached_property
    def heads(self) -> HeadLogits:
        """Heads on the target model's activations."""
        from linewise.lab.activations.store import ActivationStore
        from linewise.lab.training.logits import HeadLogits

        return HeadLogits(ActivationStore(self.target, self.cache), self.cache)

    @cached_property
    def facts(self) -> Featurizer:
        """The facts that the probe weighs."""
        return Featurizer(facts=True)

    @cached_property
    def expectation(self) -> Featurizer:
        """Those features and how expected each line was."""
        return Featurizer(self.surprisal)

    @cached_property
    def generator(self) -> Generator:
        """A model that answers: the endpoint if one was named, the target model otherwise.

        Raises
        ------
        LabDataError
            If neither was named.
        """
        if self.endpoint is not None:
            return Endpoint(self.endpoint, self.endpoint_model)
        if self.model is None:
            raise LabDataError("this method asks a model: name --endpoint or --model")
        return LocalGenerator(self.model)


def names() -> tuple[str, ...]:
    """Return the names of all methods."""
    return tuple(_MAKERS)


def methods(needs: Needs, only: Sequence[str] | None = None) -> list[Method]:
    """Return the methods of those names; by default all that ``needs`` can serve at leisure.

    Those that generate text take minutes per program and run only when they are named.

    Raises
    ------
    LabDataError
        If there is no such method, or it needs something that was not named.
    """
    usual = [*_PLAIN, *(_EXPECTING if needs.model else ())]
    chosen = usual if only is None else list(only)
    if unknown := [name for name in chosen if name not in _MAKERS]:
        raise LabDataError(f"there is no method {unknown[0]!r}; there are: {', '.join(_MAKERS)}")
    return [_MAKERS[name](name, needs) for name in chosen]


Maker = Callable[[str, Needs], Method]


def _doubt(reduce: Reduce, *, scale: bool = True) -> Maker:
    return lambda name, needs: Scored(name, ModelDoubt(needs.surprisal, reduce), scale)


def _recorded(scale: bool) -> Maker:
    return lambda name, needs: Scored(name, SelfConsistency(needs.recorded), scale)


def _facts_alone(name: str, needs: Needs) -> Method:
    from linewise.lab.training.line_model import small_trees  # Torch takes seconds.

    return FeatureModel(name, needs.facts, small_trees)


def _published(name: str, needs: Needs) -> Method:
    from linewise.lab.training.methods import HeadMethod  # Torch takes seconds.

    return HeadMethod(name, needs.heads)


def _probe(name: str, needs: Needs) -> Method:
    from linewise.lab.training.methods import ProbeMethod

    return ProbeMethod(name, needs.heads)


_PLAIN: dict[str, Maker] = {
    "base rate": lambda name, needs: BaseRate(needs.features, name),
    "random": lambda name, needs: Random(needs.features, name),
    "logistic regression": lambda name, needs: FeatureModel(name, needs.features, logistic),
    "gradient boosting": lambda name, needs: FeatureModel(name, needs.features, boosting),
    "gradient boosting, facts": _facts_alone,
    "self-consistency": _recorded(True),
    "self-consistency, unscaled": _recorded(False),
}
_EXPECTING: dict[str, Maker] = {
    "token probability, geometric mean": _doubt(geometric_mean),
    "token probability, geometric mean, unscaled": _doubt(geometric_mean, scale=False),
    "token probability, mean": _doubt(arithmetic_mean),
    "token probability, least": _doubt(least),
    "entropy": _doubt(mean_entropy),
    "logistic regression, surprisal": lambda name, needs: FeatureModel(
        name, needs.expectation, logistic
    ),
    "gradient boosting, surprisal": lambda name, needs: FeatureModel(
        name, needs.expectation, boosting
    ),
    PUBLISHED: _published,
    PROBE: _probe,
}
_GENERATING: dict[str, Maker] = {
    "reflective prompting": lambda name, needs: Scored(name, Reflective(needs.generator)),
    "reflective prompting, unscaled": lambda name, needs: Scored(
        name, Reflective(needs.generator), False
    ),
    "self-consistency, live": lambda name, needs: Scored(
        name, SelfConsistency(Live(needs.generator))
    ),
}
_MAKERS = _PLAIN | _EXPECTING | _GENERATING
