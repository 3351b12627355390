"""An explanation of a line as text, JSON, SVG and HTML."""
