"""Dashboards without Grafana: their JSON read as Grafana reads it, their queries asked, one HTML page drawn."""
