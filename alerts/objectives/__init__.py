"""Objectives watched: what their events are, the alerts that burn against them, and their budgets."""
