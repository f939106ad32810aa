"""Histograms with unusual edges."""

from __future__ import annotations

from evidence.faults.fleet import EDGES
from evidence.faults.model import Fleet, fault


@fault("histogram", short=True)
def deploy_changes_bucket_edges(f: Fleet) -> None:
    new = ("0.075", "0.25", "0.75", "+Inf")
    f.scrape(f.process(ended=f.at(300)), f.process(started=f.at(302), edges=new), dead="down")
    f.scrape(f.process(), target=f.target("b:1"))


@fault("histogram")
def instances_have_other_edges(f: Fleet) -> None:
    f.scrape(f.process(edges=("0.1", "0.3", "1", "+Inf")))
    f.scrape(f.process(), target=f.target("b:1"))


@fault("histogram")
def edges_written_otherwise(f: Fleet) -> None:
    """Prometheus 3 writes le="1.0", the other instance is of Prometheus 2."""
    f.scrape(f.process())
    f.scrape(
        f.process(edges=tuple(f"{edge}.0" if edge == "1" else edge for edge in EDGES)), target=f.target("b:1")
    )


@fault("histogram")
def no_edge_in_common(f: Fleet) -> None:
    f.scrape(f.process(edges=("0.07", "0.6", "+Inf")))
    f.scrape(f.process(), target=f.target("b:1"))
