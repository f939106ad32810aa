"""Watching services live: one look after another, drawn in place, or as lines where nobody looks at a screen."""
