"""A file as its directory lists it, and what its content is recognized by."""

from __future__ import annotations

import hashlib

from attrs import frozen


@frozen
class Entry:
    """A file as its directory lists it: ``path`` below the root, with forward slashes, in bytes.

    Times are in nanoseconds since 1970.
    """

    path: bytes
    size: int
    modified: int
    changed: int
    inode: int


def content_hash(data: bytes) -> bytes:
    """Return what a file's content is recognized by: 32 bytes."""
    return hashlib.sha256(data).digest()
