"""Run the command line: ``python -m linewise``, or the script ``linewise``."""

import gc
import sys

from linewise import interrupt

BROKEN = 70
"""The exit code after an error in Linewise itself (EX_SOFTWARE), which is no verdict on code."""


def main() -> None:
    """Run the command the arguments name; an interrupt ends it, its imports included, with 130."""
    interrupt.watch()
    try:
        if sys.argv[1:] in (["serve"], ["serve", "--stdio"]):
            sys.exit(_serve())
        from linewise.cli import app

        app()
    except BaseException as error:
        # Whatever an interrupt was turned into on its way here.
        if interrupt.came():
            sys.exit(interrupt.leave())
        if not isinstance(error, Exception):
            raise
        sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(BROKEN)


def _serve() -> int:
    """Serve an editor, which waits: as `serve` does, without what only a command line needs."""
    # What is imported stays; looking for garbage among it takes a tenth of the time.
    gc.disable()
    from linewise.lsp.server import serve_stdio

    gc.freeze()
    gc.enable()
    return serve_stdio()


if __name__ == "__main__":
    main()
