"""What rules cost a Prometheus: Leadline's beside Sloth's, and those of an earlier version beside today's."""
