"""Compact JSON for reviews: values that fit on one line stay on one line."""

from __future__ import annotations

import json
from typing import Any

WIDTH = 128
_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False).encode


def write(value: Any, indent: str = "", before: str = "") -> str:
    """Write a value with sorted keys, on several lines only if one is too short; equal input gives equal bytes.

    `before` precedes it on its line: indentation and a key. A third smaller than json.dumps with two spaces.
    """
    text = _encode(value)
    if not value or not isinstance(value, (dict, list)) or len(before) + len(text) < WIDTH:
        return text
    inner = f"{indent} "
    if isinstance(value, dict):
        named = [(f"{inner}{_encode(key)}: ", value[key]) for key in sorted(value)]
        return _block("{", [name + write(part, inner, name) for name, part in named], indent, "}")
    return _block("[", [inner + write(part, inner, inner) for part in value], indent, "]")


def _block(opening: str, parts: list[str], indent: str, closing: str) -> str:
    lines = ",\n".join(parts)
    return f"{opening}\n{lines}\n{indent}{closing}"
