"""Shared by everything that ships: the generated tree and its manifest, diffs in words, rule files."""
