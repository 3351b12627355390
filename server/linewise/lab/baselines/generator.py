"""Language models that write text: a local one through transformers, or an HTTP endpoint.

Only baselines generate; the product never does.
"""

from __future__ import annotations

import re
import tempfile
import textwrap
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from attrs import frozen

from linewise.analysis.syntax import parse
from linewise.lab.data import Program, entry_points
from linewise.lab.endpoint import Chat

MOST_TOKENS = 384


class Generator(Protocol):
    """Something that continues a text and answers a request."""

    def complete(self, prompt: str, count: int, temperature: float) -> list[str]:
        """Return ``count`` continuations of ``prompt``, drawn at ``temperature``."""

    def answer(self, request: str) -> str:
        """Return the most probable answer to a request."""


@frozen(eq=False)
class LocalGenerator:
    """A model known to `linewise models`, a Hub id or a folder, run by torch on this machine."""

    name: str
    most_tokens: int = MOST_TOKENS

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        from linewise.models.registry import resolve
        from linewise.models.sources import fetch, load

        with tempfile.TemporaryDirectory() as scratch:
            return load(fetch(resolve(self.name), Path(scratch)))

    def complete(self, prompt: str, count: int, temperature: float) -> list[str]:
        """Return ``count`` continuations of ``prompt``, drawn at ``temperature``."""
        return self._generate(
            prompt, do_sample=True, temperature=temperature, num_return_sequences=count
        )

    def answer(self, request: str) -> str:
        """Return the most probable answer, in the model's chat format if it has one."""
        _, tokenizer = self._loaded
        prompt = request
        if tokenizer.chat_template:
            turns = [{"role": "user", "content": request}]
            prompt = tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True
            )
        return self._generate(prompt, do_sample=False)[0]

    def _generate(self, prompt: str, **how: Any) -> list[str]:
        import torch

        model, tokenizer = self._loaded
        inputs = tokenizer(prompt, return_tensors="pt", add_special_tokens=False)
        end = tokenizer.eos_token_id
        # The same question gets the same answers: a table must come out alike twice.
        torch.manual_seed(0)
        with torch.no_grad():
            found = model.generate(
                **inputs, max_new_tokens=self.most_tokens, pad_token_id=end, **how
            )
        given = inputs["input_ids"].shape[1]
        return [tokenizer.decode(ids[given:], skip_special_tokens=True) for ids in found]


@frozen(eq=False)
class Endpoint(Chat):
    """A chat model behind an endpoint that the user names."""

    most_tokens: int | None = MOST_TOKENS

    def complete(self, prompt: str, count: int, temperature: float) -> list[str]:
        """Return ``count`` continuations of ``prompt``, asked for in words."""
        request = (
            "Continue this Python code. Write only what follows it, without repeating it and "
            f"without comments.\n\n{prompt}"
        )
        return [_unfenced(self.ask(request, temperature)) for _ in range(count)]

    def answer(self, request: str) -> str:
        """Return the answer at temperature 0."""
        return self.ask(request)


def prompt_of(program: Program) -> str:
    """Return what a model is asked to continue: the entry point's signature with the intent.

    A program without one (it reads standard input, say) starts from the intent alone.
    """
    prose = program.intent.replace("\\", "\\\\").replace('"""', "'''")
    docstring = f'"""{prose}\n"""\n'
    syntax = parse(program.text)
    for node, body in entry_points(program, syntax):
        start, end = syntax.span(node)[0], syntax.span(body)[0]
        signature = syntax.lines.text[start:end].rstrip()
        return f"{signature}\n{textwrap.indent(docstring, '    ')}"
    return docstring


def continuation(text: str) -> str:
    """Cut a continuation of a function body where the next thing begins at the margin."""
    lines = _unfenced(text).split("\n")
    for number, line in enumerate(lines):
        if number and line[:1].strip() and not line.startswith((")", "]", "}")):
            return "\n".join(lines[:number]) + "\n"
    return "\n".join(lines)


def _unfenced(text: str) -> str:
    """Return the first fenced block of an answer, or the answer if it has none."""
    found = re.search(r"```(?:python)?\n(.*?)(?:```|\Z)", text, re.DOTALL)
    return found.group(1) if found else text
