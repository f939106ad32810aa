"""Objectives: their events, burn-rate alerts and error budgets."""
