"""Sphinx: the documentation as a site. `make docs` builds it into build/docs, and fails on any warning."""

from __future__ import annotations

import re

from sphinx.application import Sphinx

from leadline.base.version import __version__

project = "Leadline"
author = "The authors of Leadline"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
exclude_patterns = ["conf.py"]
html_theme = "furo"
html_title = f"Leadline {version}"
html_show_sphinx = False
html_show_copyright = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_class_signature = "separated"
nitpicky = False
suppress_warnings = ["myst.header"]
linkcheck_ignore = [r"https?://(localhost|127\.0\.0\.1).*", r"https?://[^/]*example\.(com|org).*"]


def _as_lists(_app: object, _what: str, _name: str, _obj: object, _options: object, lines: list[str]) -> None:
    """Turn aligned lists of a docstring, `name   what it is`, into lists that Sphinx knows."""
    found: list[str] = []
    inside = False
    for line in lines:
        entry = re.match(r"^([a-z_][\w, ]*?)\s{2,}(\S.*)$", line)
        if entry:
            found += [] if inside else [""]
            names = ", ".join(f"``{each}``" for each in entry[1].split(", "))
            found.append(f"- {names}: {entry[2]}")
            inside = True
        elif inside and line.startswith("  ") and line.strip():
            found.append(f"  {line.strip()}")
        else:
            found += [""] if inside and line.strip() else []
            found.append(line)
            inside = False
    lines[:] = found


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-docstring", _as_lists)
