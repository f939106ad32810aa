"""Shared by all deployments: the generated tree and its manifest, readable diffs, rule files."""
