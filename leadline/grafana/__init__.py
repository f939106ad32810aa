"""Plan, push, prune and roll back dashboards through Grafana's API. Other people's dashboards are left alone."""
