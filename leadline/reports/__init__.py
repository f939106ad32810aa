"""Figures judged and shown: verdicts, headline, sections, comparison; as text, Markdown, HTML, JSON, CSV and JUnit. Pure."""
