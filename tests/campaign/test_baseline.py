"""Random search as the yardstick: the quartiles are those of real random campaigns."""

import numpy as np
import pytest

from matloop import AtLeast, Campaign, Integer, Maximize, Minimize, Real, ReplayLab, Space, TwinLab
from matloop.campaign.baseline import baseline

BARREL = Space(n=Integer(6, 12, step=2), theta=Real(0, 200), r=Real(1.5, 2.5), t=Real(0.7, 1.4))


TOUGHEST = (Maximize("toughness"),)


def campaign(lab=None, space=BARREL, wishes=TOUGHEST, **settings) -> Campaign:
    return Campaign(space, list(wishes), lab=lab, budget=20, store=":memory:", **settings)


def test_a_simulated_lab_is_simply_asked() -> None:
    """The best so far only grows, its quartiles are in order, and its source is named."""
    told = campaign(TwinLab("crossed_barrel")).baseline(30)
    assert "twin" in told.source
    assert len(told.median) == 30
    assert (told.lower <= told.median).all()
    assert (told.median <= told.upper).all()
    for curve in (told.lower, told.median, told.upper):
        assert (np.diff(curve) >= 0).all()


def test_it_agrees_with_the_known_law_of_the_largest_of_n() -> None:
    """Of uniform values the median of the largest of n is 0.5 ** (1 / n)."""
    done = campaign(space=Space(x=Real(0, 1)), wishes=[Maximize("x_seen")])
    done.run(lambda point: {"x_seen": point["x"]}, progress=False)
    told = done.baseline(10)
    assert "model" in told.source
    assert told.median == pytest.approx(0.5 ** (1 / np.arange(1, 11)), abs=0.12)


def test_minimizing_goes_down() -> None:
    """For a goal to be minimized the curve falls, in the objective's own unit."""
    told = campaign(TwinLab("crossed_barrel"), wishes=[Minimize("toughness")]).baseline(15)
    assert (np.diff(told.median) <= 0).all()


def test_a_table_smaller_than_the_campaign_is_exhausted(tmp_path) -> None:
    """Random search in a finite space takes no point twice and ends with its best."""
    (tmp_path / "t.csv").write_text("x,y\n1,5\n2,9\n3,7\n", encoding="utf-8")
    few = campaign(ReplayLab("t.csv"), Space(x=Integer(1, 3)), [Maximize("y")], folder=tmp_path)
    assert few.baseline(6).median.tolist()[2:] == [9, 9, 9, 9]


def test_where_nothing_can_be_said_nothing_is_said() -> None:
    """Too few results of a real lab, no trial, or thresholds alone: no baseline."""
    assert campaign(lambda point: 1.0).baseline(20) is None
    twin = campaign(TwinLab("crossed_barrel"))
    assert twin.baseline(0) is None
    assert baseline(campaign(wishes=[AtLeast("toughness", 3)]).spec, None, 5) is None
