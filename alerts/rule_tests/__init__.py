"""promtool tests of the generated rules. They read the rules; no rule knows of its tests."""
