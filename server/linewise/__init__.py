"""Which lines of this code will probably have to be edited, how probably, and why."""

__version__ = "0.1.0"
