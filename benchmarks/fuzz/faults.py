"""What is found."""

from __future__ import annotations


class FaultError(Exception):
    """Something that must hold does not; the message says what."""
