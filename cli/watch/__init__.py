"""Watch services live: polls drawn in place, or printed as lines without a terminal."""
