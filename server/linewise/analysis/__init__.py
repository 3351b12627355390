"""Pure functions from text to lines, units, model inputs and findings: no I/O, no protocol."""
