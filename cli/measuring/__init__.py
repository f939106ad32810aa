"""Take a snapshot from a live Prometheus or a recording, and name the commands that take it again."""
