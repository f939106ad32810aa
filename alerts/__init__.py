"""Recording rules, alerting rules and their promtool tests. Pure."""
