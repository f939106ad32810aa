"""What we measure: the catalog, metric profiles, PromQL and the signals themselves. Pure; imports nothing of ours."""
