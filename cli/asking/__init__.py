"""PromQL at the terminal: an expression read, checked, asked, and what came back shown."""
