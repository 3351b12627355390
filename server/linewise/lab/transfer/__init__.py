"""What a probe trained on code says about prose (arXiv 2512.24560, generalisation section)."""
