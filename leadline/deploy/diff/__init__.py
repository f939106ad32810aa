"""Differences in words: what a change of a dashboard, or of rules, means to whoever reads the plan."""
