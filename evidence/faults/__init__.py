"""A simulated fleet with faults, every request logged, written into a real Prometheus and measured there."""
