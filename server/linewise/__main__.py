"""Run the command line: ``python -m linewise``, or the script ``linewise``."""

import sys

from linewise import interrupt


def main() -> None:
    """Run the command the arguments name; an interrupt ends it, its imports included, with 130."""
    interrupt.watch()
    try:
        from linewise.cli import app

        app()
    except BaseException:
        # Whatever an interrupt was turned into on its way here.
        if not interrupt.came():
            raise
        sys.exit(interrupt.leave())


if __name__ == "__main__":
    main()
