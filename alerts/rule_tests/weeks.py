"""The steps of rule tests that last for weeks."""

SAMPLED, DAY_STEPS, EVERY = 15, 96, 480
"""Minutes between samples, how many of them are a day, and minutes between evaluations."""
