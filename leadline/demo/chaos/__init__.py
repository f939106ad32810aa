"""Chaos: inject faults into the demo's service, and follow each alert from fault to notification and resolution."""
