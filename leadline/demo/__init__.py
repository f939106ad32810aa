"""The whole loop on this machine: services, Prometheus, k6 and the report; with --chaos, faults and their alerts."""
