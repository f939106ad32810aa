"""What is watched beside objectives: targets, traffic, saturation, spend, and whether anything is measured at all."""
