"""Addresses of documents, cells and folders: in one form inside, as the client spells them outside.

Clients write one address in several ways, from one message to the next: a drive's letter in either
case, characters escaped or not, ``file://localhost/``. Whatever comes in is brought into one form
before pygls or anything here sees it, so no table has two entries for one document; whatever goes
out is spelled as the client opened it, since some look their documents up by that.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from pygls.uris import to_fs_path

# RFC 3986, appendix B: takes every text.
_PARTS = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_DRIVE = re.compile(r"/[A-Za-z]:(?=[/\\]|$)")
_FIELDS = frozenset(
    {"uri", "document", "rootUri", "scopeUri", "targetUri", "oldUri", "newUri", "baseUri"}
)
"""What holds an address in messages of clients; ``document`` does in a notebook's cells."""


def normal(uri: str) -> str:
    """Return the one form of an address: that of `pathlib.Path.as_uri` for files.

    Letters of the path keep their case, but for that of a drive.
    """
    match = _PARTS.fullmatch(uri)
    assert match is not None  # noqa: S101 - every part may be anything, or missing
    scheme, host, path, query, fragment = match.groups()
    if scheme is None:
        return uri
    scheme, path = scheme.lower(), _escaped(path, "/")
    found = f"{scheme}:"
    host = host and host.lower()
    if scheme == "file":
        host = "" if host in (None, "localhost") else host
    if host is not None:
        found += f"//{host}"
    found += path
    if query is not None:
        found += f"?{_escaped(query, '')}"
    return found if fragment is None else f"{found}#{_escaped(fragment, '')}"


def path_of(uri: str | None) -> Path | None:
    """Return the path of a file's address, None for anything else."""
    if uri is None or not uri.startswith("file:"):
        return None
    if os.name == "nt":
        path = to_fs_path(uri)
        return None if path is None else Path(path)
    # By ourselves: file names are bytes, and a drive's letter makes no path here relative.
    host, _, rest = uri.removeprefix("file:").removeprefix("//").partition("/")
    name = os.fsdecode(unquote_to_bytes(re.split(r"[?#]", rest, maxsplit=1)[0]))
    return Path(f"//{host}/{name}" if host not in ("", "localhost") else f"/{name}")


class Addresses:
    """The spellings that one client uses."""

    def __init__(self) -> None:
        self._spelled: dict[str, str] = {}

    def taken_in(self, value: Any) -> Any:
        """Return what a client sent with every address in its one form."""
        if isinstance(value, list):
            return [self.taken_in(each) for each in value]
        if not isinstance(value, dict):
            return value
        # What is opened is known from now on as it is spelled there.
        opened = "languageId" in value or "notebookType" in value
        return {
            key: self._heard(each, opened=opened)
            if key in _FIELDS and isinstance(each, str)
            else self.taken_in(each)
            for key, each in value.items()
        }

    def spelled(self, value: Any) -> Any:
        """Return what is sent to the client with every address as the client spells it."""
        if isinstance(value, str):
            return self._spelled.get(value, value)
        if isinstance(value, Mapping):
            return {self.spelled(key): self.spelled(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.spelled(each) for each in value]
        return value

    def _heard(self, uri: str, *, opened: bool) -> str:
        found = normal(uri)
        if opened:
            self._spelled[found] = uri
        else:
            self._spelled.setdefault(found, uri)
        return found


def _escaped(part: str, safe: str) -> str:
    plain = unquote_to_bytes(part.encode("utf-8", "surrogatepass"))
    drive = _DRIVE.match(plain.decode("latin-1"))
    if safe and drive is not None:
        rest = plain[drive.end() :].replace(b"\\", b"/")
        return drive.group().lower() + quote(rest, safe)
    return quote(plain, safe)
