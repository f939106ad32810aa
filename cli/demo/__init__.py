"""The demo: threads-agent's metrics under real load, on this machine, and the snapshot of exactly that run."""
