"""Tests mirror the folders; integration/ starts real programs."""
