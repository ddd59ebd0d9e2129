from potrun.core.caveats import caveat
from potrun.core.settings import FitterConfig


def test_a_classic_fit_says_by_how_much_it_is_off():
    assert "-36 % of |U|" in caveat(FitterConfig(method="halekas"))
    assert "49 % of its 95 % intervals" in caveat(FitterConfig(method="halekas"))
    assert "lillis with effective_energy" in caveat(FitterConfig(method="lillis", effective_energy=True))


def test_the_folded_fit_has_nothing_to_say():
    assert caveat(FitterConfig(method="likelihood")) == ""
