"""Resolve a profile and the catalog's overrides to the instruments of a service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from leadline.base.units import number
from leadline.signals import regex
from leadline.signals.instruments import Instrument
from leadline.signals.promql import Matcher, one_of

from . import profiles
from .profiles import Profile
from .yaml_reader import Entry, Reader

OVERRIDES = ("profile", "metric", "unit", "selector", "labels", "buckets", "errors", "cached")
Own = Mapping[str, Profile]
"""The catalog's own profiles by name; they take precedence over those that ship."""


def profile(reader: Reader, entry: Entry, own: Own) -> Profile | None:
    """Return the profile that the catalog names; note a mistake and return None if it does not exist."""
    known = (*own, *profiles.names())
    name = reader.choice(entry, known)
    if name not in known:
        return None
    return own.get(name) or profiles.load(name)


def instruments(
    reader: Reader, fields: Mapping[str, Entry], base: Profile, own: Own
) -> dict[str, Instrument]:
    """Return the instruments of a service, with their selectors and exclusions."""
    selector = _selector(reader, fields["selector"]) if "selector" in fields else ()
    exclude = dict(base.exclude)
    if "exclude" in fields:
        known = ("route", "method", "status")
        exclude = {
            key: reader.texts(place) for key, place in reader.table(fields["exclude"], known=known).items()
        }
    table = fields.get("instruments")
    overrides = reader.table(table, known=profiles.INSTRUMENTS) if table else {}
    found = {}
    for name in profiles.INSTRUMENTS:
        instrument, where = base.instruments.get(name), selector
        if name in overrides and _is_none(overrides[name]):
            continue
        if name in overrides:
            instrument, where = _override(reader, overrides[name], name, instrument, own, selector)
        if instrument and instrument.constant is None:
            matchers = (*where, *instrument.matchers, *_exclusions(instrument, exclude))
            if "exclude" in fields:
                _check_exclusions(reader, fields["exclude"], instrument, exclude)
            instrument = replace(instrument, matchers=matchers)
        if instrument:
            found[name] = instrument
    if "requests" in found and "failed" in found:
        found["requests"] = replace(found["requests"], failed=found["failed"])
    return found


Resolved = tuple[Instrument, tuple[Matcher, ...]]
"""An instrument, and its selector."""


def _override(
    reader: Reader, entry: Entry, name: str, base: Instrument | None, own: Own, selector: tuple[Matcher, ...]
) -> Resolved:
    """Apply the catalog's overrides to the profile's instrument."""
    if profiles.kind(name) == "gauge" and entry.is_table and "value" in reader.table(entry):
        return _constant(reader, entry, name), ()
    keys = reader.table(entry) if entry.is_table else {}
    required = () if base or "profile" in keys else ("metric",)
    fields = reader.table(entry, known=OVERRIDES, required=required)
    changed = base or _unknown(name)
    if "profile" in fields:
        changed = _of_another(reader, fields["profile"], name, own) or changed
    if "metric" in fields:
        metric = profiles.metric_name(reader, fields["metric"])
        changed = replace(
            changed,
            metric=metric,
            buckets=(),
            raw_edges=(),
            names=(),
            expression="",
            scale=Decimal(1),
            native=False,
        )
    if "unit" in fields:
        changed = replace(changed, scale=profiles.UNITS[reader.choice(fields["unit"], profiles.UNITS) or "s"])
    if "labels" in fields:
        labels = profiles.labels(reader, fields["labels"])
        kept = tuple(label for label in changed.labels if label.name not in {new.name for new in labels})
        changed = replace(changed, labels=kept + labels)
    if "buckets" in fields and profiles.is_native(fields["buckets"]):
        changed = replace(changed, buckets=(), raw_edges=(), native=True)
    elif "buckets" in fields:
        edges = profiles.edges(reader, fields["buckets"], changed.scale)
        changed = replace(changed, buckets=edges.values, raw_edges=edges.raw, native=False)
    if "cached" in fields:
        changed = replace(changed, cached=profiles.cached(reader, name, fields["cached"]))
    if "errors" in fields:
        changed = replace(changed, bad=reader.parsed(fields["errors"], regex.parse, "5.."))
    return changed, _selector(reader, fields["selector"]) if "selector" in fields else selector


def _limit(text: str) -> Decimal:
    value = number(text)
    if value <= 0:
        raise ValueError(f"{text!r} is not above zero; leave the instrument out if there is no limit")
    return value


def left_out(reader: Reader, fields: Mapping[str, Entry]) -> dict[str, str]:
    """Return the instruments that the catalog sets to none, each with the reason."""
    table = fields.get("instruments")
    overrides = reader.table(table, known=profiles.INSTRUMENTS) if table else {}
    return {name: "the catalog sets it to none" for name, entry in overrides.items() if _is_none(entry)}


def _is_none(entry: Entry) -> bool:
    return not entry.is_table and not entry.is_list and entry.node.value == "none"


def _unknown(name: str) -> Instrument:
    return Instrument(
        name=name, metric="", kind=profiles.kind(name), unit=profiles.INSTRUMENTS[name], bad="5.."
    )


def _of_another(reader: Reader, entry: Entry, name: str, own: Own) -> Instrument | None:
    """Return another profile's instrument of that name, for targets that expose two families of metrics."""
    other = profile(reader, entry, own)
    if other is None:
        return None
    found = other.instruments.get(name)
    if found is None:
        having = ", ".join(other.instruments)
        reader.fail(entry, f"profile {other.name} has no {name}; it has {having}")
    return found


def _constant(reader: Reader, entry: Entry, name: str) -> Instrument:
    """Read a limit that no metric exposes: {value: 2}, in the instrument's base unit."""
    fields = reader.table(entry, known=("value",))
    value = reader.parsed(fields["value"], _limit, Decimal(1))
    return Instrument(name=name, metric="", kind="gauge", unit=profiles.INSTRUMENTS[name], constant=value)


def _selector(reader: Reader, entry: Entry) -> tuple[Matcher, ...]:
    found = profiles.matchers(reader, entry)
    if entry.is_table and all(_takes_all(each) for each in found):
        reader.fail(entry, "would match every series; name at least one label, for example job")
    return found


def _takes_all(matcher: Matcher) -> bool:
    """Return whether a matcher selects series without the label, so that it excludes no other service."""
    try:
        return matcher.holds("")
    except ValueError:  # already reported by the reader
        return False


def _exclusions(instrument: Instrument, exclude: dict[str, tuple[str, ...]]) -> tuple[Matcher, ...]:
    """Return matchers that exclude normalised values, for each source of a label."""
    found = []
    for name, values in exclude.items():
        label = instrument.label(name)
        if label is None or label.is_name:
            continue
        exposed = tuple(dict.fromkeys(raw for value in values for raw in label.exposed(value)))
        if label.default in values and label.default:
            exposed = (*exposed, "")
        if exposed:
            found += [_none_of(source, exposed) for source in label.sources]
    return tuple(found)


def _none_of(label: str, values: tuple[str, ...]) -> Matcher:
    return Matcher(label, "!~", one_of(values)) if len(values) > 1 else Matcher(label, "!=", values[0])


def _check_exclusions(
    reader: Reader, entry: Entry, instrument: Instrument, exclude: dict[str, tuple[str, ...]]
) -> None:
    """Reject exclusions of values that renaming has replaced, and of a default that has several sources."""
    places = reader.table(entry) if entry.is_table else {}
    for name, place in places.items():
        label = instrument.label(name)
        for value in exclude[name] if label else ():
            if label and not label.exposed(value):
                reader.fail(
                    place, f"{value!r} is renamed to {label.renamed(value)!r} by 'values'; write that"
                )
            if label and label.default == value and len(label.sources) > 1:
                reader.fail(
                    place,
                    f"{value!r} is the default for series without {' and '.join(label.sources)}, which cannot be excluded",
                )
