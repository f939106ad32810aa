"""PromQL at the terminal: read, check and run an expression, and show the answer."""
