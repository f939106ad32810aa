"""Judge figures and render reports (verdicts, headline, sections, comparison) as text, Markdown, HTML, JSON, CSV and JUnit. Pure."""
