"""Signals asked: exact measurement from raw samples, verdicts, renderers. Pure; is given `ask`."""
