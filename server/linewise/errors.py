"""The one exception family whose message is written for the person at the keyboard."""

from __future__ import annotations


class LinewiseError(Exception):
    """Something the user can act on; the message says what to do next."""


class ModelNotFoundError(LinewiseError):
    """The named target model is neither registered nor installed."""


class ModelCorruptError(LinewiseError):
    """A file of an installed model does not have the SHA-256 its manifest states."""


class ConversionError(LinewiseError):
    """A target model could not be converted, or the result failed its self-test."""


class ProbeMismatchError(LinewiseError):
    """A probe was made for another model, layer set or input builder."""


class LabDataError(LinewiseError):
    """Data or predictions of the laboratory cannot be used; the message names which."""


class Cancelled(Exception):  # noqa: N818 - an outcome, not an error
    """Work was abandoned because its result is no longer wanted."""
