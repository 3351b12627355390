"""Random inputs, whatever they are: no exception, no hang, no line that is not where it was."""
