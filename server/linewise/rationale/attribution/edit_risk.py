"""Targets of the second kind: the probe's logit of a span, which the shown edit risk is read from.

A span rests on its own tokens and on what the model read before them.
"""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from linewise.errors import LinewiseError
from linewise.models.incremental import IncrementalModel, States
from linewise.models.runtime import Floats
from linewise.probe.manifest import ProbeManifest
from linewise.rationale.attribution.base import Ints, Mask, Weights


class SpanProbe(Protocol):
    """What this needs of a probe: `linewise.probe.runtime.Probe`, or a head in training."""

    @property
    def manifest(self) -> ProbeManifest: ...  # noqa: D102
    def evidence(self, hidden: Floats) -> Floats: ...  # noqa: D102
    def logits(self, evidence: Floats, member: Mask) -> Floats: ...  # noqa: D102


class EditRisks:
    """The probe's logits of N spans of one model input, from any subset of its tokens."""

    unit = "logits of the edit probability"

    def __init__(
        self,
        model: IncrementalModel,
        probe: SpanProbe,
        ids: npt.ArrayLike,
        spans: npt.ArrayLike,
    ) -> None:
        """Ask about ``spans``, rows (first, end) of places among ``ids`` (T,), end exclusive.

        Raises
        ------
        LinewiseError
            If a span has no token of the input, or the input is longer than the model reads.
        """
        self.model = model
        self.ids = np.asarray(ids, np.int64)
        self.spans = np.asarray(spans, np.int64).reshape(-1, 2)
        self._probe = probe
        limit = model.target.context_length
        if len(self.ids) > limit:
            raise LinewiseError(
                f"{model.target.name} reads at most {limit} tokens at once, not {len(self.ids)}: "
                "split the text"
            )
        first, end = self.spans.T
        if ((first < 0) | (first >= end) | (end > len(self.ids))).any():
            raise LinewiseError(
                f"a span of places (first, end) must lie in 0 to {len(self.ids)} and hold a token"
            )
        self._layers = [model.target.layers.index(layer) for layer in probe.manifest.layers]

    @property
    def count(self) -> int:
        """How many targets, N."""
        return len(self.spans)

    @cached_property
    def whole(self) -> tuple[Floats, States]:
        """The input read once: hidden states (L, T, d) of the probe's layers, and the states."""
        past = self.model.start(1, deep=False)
        hidden, states = self.model.hidden_states(
            past, self.ids[None], np.arange(len(self.ids))[None]
        )
        return hidden[self._layers, 0], states

    @cached_property
    def logits(self) -> Weights:
        """The logit of each span from the whole input, (N,)."""
        places = np.arange(len(self.ids))
        return np.array([self.logit(n, self.whole[0], places) for n in range(self.count)])

    def context(self, target: int) -> Ints:
        """Return the places up to the span's end."""
        return np.arange(self.spans[target, 1])

    def scores(self, target: int, keep: Mask) -> Weights:
        """Return the span's logit from each set of kept tokens, (S, T) → (S,).

        What stands after the span is kept. A set without a token of the span has no logit: nan.
        Each set is read in a pass of its own: at such lengths a batch saves nothing, and where
        activations share one scale its rows would not be independent.
        """
        kept = np.array(keep, bool)
        first, end = self.spans[target]
        kept[:, end:] = True
        result = np.full(len(kept), np.nan)
        for row in np.flatnonzero(kept[:, first:end].any(axis=1)):
            places = np.flatnonzero(kept[row])
            hidden = self.model.target.hidden_states(self.ids[places], places)[self._layers]
            result[row] = self.logit(target, hidden, places)
        return result

    def read(self, past: States, places: Ints, visible: Mask) -> Floats:
        """Read the tokens at ``places`` (M,) after ``past``: hidden states (L, M, d).

        ``visible`` (M, P + M) is that of `IncrementalModel.hidden_states`.
        """
        ids = self.ids[places]
        hidden, _ = self.model.hidden_states(past, ids[None], places[None], visible)
        return hidden[self._layers, 0]

    def logit(self, target: int, hidden: Floats, places: Ints) -> float:
        """Return the span's logit from the hidden states (L, M, d) of the tokens at ``places``."""
        first, end = self.spans[target]
        own = hidden[:, (places >= first) & (places < end)]
        # Evidence is made token by token, and only the span's is pooled.
        evidence = self._probe.evidence(np.concatenate(list(own), axis=-1))
        return float(self._probe.logits(evidence, np.ones((1, len(evidence)), bool))[0])
