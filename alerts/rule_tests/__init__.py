"""promtool tests of the generated rules. Tests read the rules; rules do not depend on tests."""
