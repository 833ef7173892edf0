"""One rule is one function: code, docstring, check."""
