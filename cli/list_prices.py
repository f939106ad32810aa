"""`leadline prices`: what models cost, as genai-prices knows it, to be written into a catalog with its date."""

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
    """Print prices of models as a catalog has them: base prices, in USD per million tokens, dated today.

    They come from the package genai-prices (pip install 'leadline[prices]'), offline. Once written down they do not change
    by themselves, so the same catalog gives the same figures.

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
            f"genai-prices knows no price of {', '.join(unknown)}; write it from the provider's list"
        )
    return 0


def known() -> bool:
    """Return whether genai-prices is installed."""
    return find_spec("genai_prices") is not None


def priced(models: Iterable[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the prices of models as the catalog writes them, and the models that have none."""
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
    """Return a price, or of one that rises with the length of the context its base."""
    base = getattr(price, "base", price)
    return base if isinstance(base, Decimal) else None
