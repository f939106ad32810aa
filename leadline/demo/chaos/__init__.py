"""Chaos: the demo's service is made to fail, and each alert is followed from the fault to who is told, and back."""
