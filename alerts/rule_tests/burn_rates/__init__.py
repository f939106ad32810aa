"""Rule tests of burn-rate alerts: a timeline of the fast page, and for each pair series at the edge of each condition."""
