"""A chat model behind an OpenAI-compatible endpoint, such as a llama.cpp or vLLM server.

Code leaves this machine if the endpoint is not on it: nothing is sent unless the user names one,
and nothing is sent anywhere else. An endpoint that redirects is refused, not followed.
"""

from __future__ import annotations

import json
import time
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from attrs import field, frozen

from linewise.errors import LabDataError

PAUSES = (1.0, 2.0, 4.0)
"""Seconds before a busy server is asked again, unless it says how long itself."""
LONGEST_PAUSE = 30.0
_BUSY = frozenset({408, 429, 500, 502, 503, 504})


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Refuse, so that the redirect arrives as an error."""


_opener = build_opener(_NoRedirects)


def _check_url(_: object, _attribute: object, url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise LabDataError(f"{url}: an endpoint is an http:// or https:// address")


@frozen
class Chat:
    """``model`` at ``url``, the base as in http://localhost:8080/v1.

    ``seconds`` is how long one answer may take, ``most_tokens`` how long it may be; None leaves
    that to the server.

    Raises
    ------
    LabDataError
        If ``url`` is no address of a web server.
    """

    url: str = field(validator=_check_url)
    model: str
    key: str | None = field(default=None, repr=False)
    seconds: float = 120.0
    most_tokens: int | None = None

    def ask(self, request: str, temperature: float = 0.0) -> str:
        """Return the answer to a request; a server that is busy is asked again, after `PAUSES`.

        Raises
        ------
        LabDataError
            If there is none; the message names the address.
        """
        for pause in (*PAUSES, None):
            try:
                return self._asked(request, temperature)
            except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:
                if pause is None or not _is_passing(error):
                    raise self._unusable(error) from error
                time.sleep(min(_wanted_pause(error, pause), LONGEST_PAUSE))
        raise AssertionError("the last attempt returns or raises")

    def _asked(self, request: str, temperature: float) -> str:
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": request}],
            "temperature": temperature,
        }
        if self.most_tokens is not None:
            body["max_tokens"] = self.most_tokens
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        call = Request(self._address, json.dumps(body).encode(), headers)  # noqa: S310
        with _opener.open(call, timeout=self.seconds) as reply:
            return str(json.load(reply)["choices"][0]["message"]["content"] or "")

    @property
    def _address(self) -> str:
        return self.url.rstrip("/") + "/chat/completions"

    def _unusable(self, error: Exception) -> LabDataError:
        match _cause(error):
            case HTTPError(code=code) if 300 <= code < 400:
                advice = "it redirects: name the address it leads to"
            case HTTPError(code=401 | 403):
                advice = "does it need a key?"
            case HTTPError(code=404):
                advice = f"is the address right, and does it serve the model {self.model!r}?"
            case TimeoutError():
                advice = f"it took longer than {self.seconds:g} s"
            case _:
                advice = "is it running?"
        return LabDataError(f"{self._address}: no usable answer ({error!r}); {advice}")


def _cause(error: Exception) -> object:
    """Return what went wrong; urllib wraps some of it, and an HTTPError has a text there."""
    reason = getattr(error, "reason", error)
    return reason if isinstance(reason, Exception) else error


def _is_passing(error: Exception) -> bool:
    """Return whether another attempt may fare better: the server is busy, or hung up."""
    if isinstance(error, HTTPError):
        return error.code in _BUSY
    return isinstance(_cause(error), ConnectionResetError | BrokenPipeError)


def _wanted_pause(error: Exception, otherwise: float) -> float:
    wanted = str(error.headers.get("Retry-After", "")) if isinstance(error, HTTPError) else ""
    return float(wanted) if wanted.isascii() and wanted.isdigit() else otherwise
