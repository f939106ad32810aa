"""All generated files of a catalog: dashboards, rules, rule tests, Kubernetes objects and the manifest."""
