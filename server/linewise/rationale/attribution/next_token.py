"""Targets of the first kind: the model's own prediction of a token, from any tokens before it.

Tokens are removed, not masked: what is kept is read as one shorter sequence with the original
positions (Vafa et al. 2021, arXiv 2109.06387).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from linewise.errors import LinewiseError
from linewise.models.incremental import IncrementalModel, States, joined
from linewise.models.runtime import Floats
from linewise.rationale.attribution.base import Ints, Mask, Weights

BATCH_TOKENS = 512
"""Tokens per pass: enough to keep the processor busy, few enough to stay in its cache."""


class NextTokens:
    """log p(token at each of N ``places`` | any subset of the tokens before it), in nats.

    Reading goes on from what has been read, so sequences with a common beginning cost it once.
    ``batch_tokens`` bounds the new tokens of one pass; results do not depend on it where the
    model's arithmetic does not (all schemes but those whose activations share one scale).
    """

    unit = "nats of log-probability"

    def __init__(
        self,
        model: IncrementalModel,
        ids: npt.ArrayLike,
        places: npt.ArrayLike,
        *,
        batch_tokens: int = BATCH_TOKENS,
    ) -> None:
        """Ask about the tokens at ``places`` of ``ids`` (T,).

        Raises
        ------
        LinewiseError
            If a place has no token before it, or the input is longer than the model reads.
        """
        self.model = model
        self.ids = np.asarray(ids, np.int64)
        self.places = np.asarray(places, np.int64).reshape(-1)
        self.batch_tokens = batch_tokens
        limit = model.target.context_length
        if len(self.ids) > limit:
            raise LinewiseError(
                f"{model.target.name} reads at most {limit} tokens at once, not {len(self.ids)}: "
                "shorten the context"
            )
        if ((self.places < 1) | (self.places >= len(self.ids))).any():
            raise LinewiseError(
                "nothing predicts the first token, and only tokens of the input can be targets: "
                f"choose places from 1 to {len(self.ids) - 1}"
            )

    def of(self, model: IncrementalModel) -> NextTokens:
        """Return the same targets of another model, such as one in other arithmetic."""
        return NextTokens(model, self.ids, self.places, batch_tokens=self.batch_tokens)

    @property
    def count(self) -> int:
        """How many targets, N."""
        return len(self.places)

    @cached_property
    def singles(self) -> tuple[Floats, States]:
        """Each token before the last target alone: what predicts its successor (·, d), states."""
        places = np.arange(self.places.max(initial=1))
        return self.read(self.model.start(len(places)), places[:, None])

    @cached_property
    def predicted(self) -> Ints:
        """The most probable token at each place given everything before it, (N,)."""
        wanted = np.unique(self.places)
        past, found, begin = self.model.start(1), {}, 0
        for place in wanted.tolist():
            final, past = self.read(past, np.arange(begin, place)[None])
            found[place], begin = int(self.model.logps(final)[0].argmax()), place
        return np.array([found[place] for place in self.places.tolist()], np.int64)

    def context(self, target: int) -> Ints:
        """Return the places before the target's."""
        return np.arange(self.places[target])

    def token(self, target: int) -> int:
        """Return the id of the target token."""
        return int(self.ids[self.places[target]])

    def logp(self, target: int, final: Floats) -> Weights:
        """Return the target's log-probability after sequences that ended in ``final`` (B, d)."""
        return self.model.logp(final, np.full(len(final), self.token(target))).astype(float)

    def scores(self, target: int, keep: Mask) -> Weights:
        """Return the target's log-probability from each set of kept tokens, (S, T) → (S,).

        An empty set predicts nothing: nan.
        """
        kept = np.asarray(keep, bool)[:, : self.places[target]]
        result = np.full(len(kept), np.nan)
        lengths = kept.sum(axis=1)
        for length in np.unique(lengths[lengths > 0]).tolist():
            rows = np.flatnonzero(lengths == length)
            places = np.nonzero(kept[rows])[1].reshape(len(rows), length)
            final, _ = self.read(self.model.start(len(rows)), places)
            result[rows] = self.logp(target, final)
        return result

    def read(self, past: States, places: npt.NDArray[np.int64]) -> tuple[Floats, States]:
        """Continue sequences with the input's tokens at ``places`` (B, M), in batches."""
        step = max(1, self.batch_tokens // places.shape[1])
        finals, states = [], []
        for begin in range(0, len(places), step):
            rows = slice(begin, begin + step)
            part = States(tuple(array[rows] for array in past.arrays))
            final, longer = self.model.final(part, self.ids[places[rows]], places[rows])
            finals.append(final)
            states.append(longer)
        return np.concatenate(finals), joined(states)
