"""A repair model behind an OpenAI-compatible endpoint, which the user names: an optional donor.

The prompt follows arXiv 2512.24560 §2.1: the failing program, what its tests said, the instruction
to touch as little as possible.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

from attrs import field, frozen

from linewise.errors import LabDataError
from linewise.lab.endpoint import Chat
from linewise.lab.sandbox import Outcome

log = logging.getLogger(__name__)
_FENCE = re.compile(r"```(?:python|py)?\s*\n(.*?)```", re.DOTALL)
_PROMPT = """Repair this Python program so that it does what was asked, with few edits: keep
every line that is right exactly as it is, names and formatting included.

What was asked:
{intent}

The program:
```python
{program}
```

What its tests said: {error}

Answer with the whole repaired program in one code block."""


@frozen
class RepairModel:
    """Asks ``model`` at ``endpoint`` (as in ``http://localhost:8000/v1``) for a repair."""

    endpoint: str
    model: str
    seconds: float = 120.0
    _chat: Chat = field(init=False, repr=False)

    @_chat.default
    def _(self) -> Chat:
        return Chat(self.endpoint, self.model, seconds=self.seconds)

    def propose(self, intent: str, program: str, outcome: Outcome) -> Iterator[tuple[str, str]]:
        """Yield (program, model); nothing, with a warning, if the endpoint gives no answer."""
        error = f"{outcome.error_class}: {outcome.message}"
        try:
            text = self._chat.ask(_PROMPT.format(intent=intent, program=program, error=error))
        except LabDataError as problem:
            log.warning("gave no repair: %s", problem)
            return
        if blocks := _FENCE.findall(text):
            yield max(blocks, key=len), self.model
