"""Preview dashboards without Grafana: read their JSON, run their queries and render one HTML page."""
