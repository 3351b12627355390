"""The commands of the command line, one module each; `linewise.cli` puts them together."""
