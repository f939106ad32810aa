"""Alert conditions other than objectives: targets, traffic, saturation, spend, and missing metrics."""
