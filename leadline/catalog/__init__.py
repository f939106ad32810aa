"""The catalog: services, profiles, targets, objectives, prices and contexts, read from `leadline.yaml`."""
