"""`leadline prices`: model prices from genai-prices, as dated entries of a catalog."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from importlib.util import find_spec

import click

from leadline.base.errors import NoDataError, ToolMissingError
from leadline.base.units import plain


@click.command("prices")
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
def command(models: tuple[str, ...]) -> int:
    """Print model prices as catalog entries: base prices, in USD per million tokens, dated today.

    They come from the package genai-prices (pip install 'leadline[prices]'), offline. Prices in a catalog never change by
    themselves, so the same catalog gives the same figures.

    \b
    Example:
      leadline prices gpt-4o claude-sonnet-4-5 >> leadline.yaml
    """
    if not known():
        raise ToolMissingError("genai-prices is not installed: pip install 'leadline[prices]'")
    found, unknown = priced(models)
    if found:
        click.echo("prices:")
    for model, price in found.items():
        click.echo(f"  {model}: {price}")
    if unknown:
        raise NoDataError(
            f"genai-prices has no price for {', '.join(unknown)}; take it from the provider's price list"
        )
    return 0


def known() -> bool:
    """Return whether genai-prices is installed."""
    return find_spec("genai_prices") is not None


def priced(models: Iterable[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return prices by model as catalog entries, and the models without a price."""
    from genai_prices import Usage, calc_price

    found, unknown, today = {}, [], f"{datetime.now(UTC):%Y-%m-%d}"
    for model in models:
        try:
            price = calc_price(Usage(input_tokens=1, output_tokens=1), model_ref=model).model_price
        except LookupError:
            unknown.append(model)
            continue
        into, out = (_base(each) for each in (price.input_mtok, price.output_mtok))
        if into is None or out is None:
            unknown.append(model)
            continue
        found[model] = f"{{input: {plain(into)}, output: {plain(out)}, as_of: {today}}}"
    return found, tuple(unknown)


def _base(price: object) -> Decimal | None:
    """Return a price; for one that rises with the context length, its base."""
    base = getattr(price, "base", price)
    return base if isinstance(base, Decimal) else None
