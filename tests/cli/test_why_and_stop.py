"""The commands that tell why a trial was planned and when a campaign ends."""

import json


def test_the_command_tells_it_in_words_and_as_json(matloop, tmp_path) -> None:
    """Expected beside measured, the nearest trials, what matters; an unknown trial is a mistake of the user."""
    (tmp_path / "c.toml").write_text(
        '[campaign]\nbudget = 8\n[space]\nx = { kind = "real", low = 0, high = 1 }\n[objective]\n'
        'y = { goal = "maximize", unit = "J" }\n[planner]\nkind = "bayesian"\nstarts = 4\n'
        '[lab]\nkind = "function"\nfunction = "lab:measure"\neffect = "none"\n',
        encoding="utf-8",
    )
    (tmp_path / "lab.py").write_text("def measure(x):\n    return x * (1.3 - x)\n", encoding="utf-8")
    assert matloop("run", "c.toml", "--quiet", "--no-report").code == 0
    told = matloop("why", "c", "7").out
    assert "By the 6 results known when it was planned:" in told
    assert "J expected" in told
    assert "what moves y: x 100%" in told
    facts = json.loads(matloop("why", "c", "7", "--json").out)
    assert facts["results_known"] == 6
    assert len(facts["nearest"]) == 3
    assert "Nothing had been learned yet" in matloop("why", "c", "1").out
    assert matloop("why", "c", "99").code == 2


FILE = """
[campaign]
budget = 30
cost = 2
[space]
x = { kind = "real", low = 0, high = 1 }
[objective]
y = { goal = "maximize", unit = "J" }
[stop]
reached = "y >= 0.42"
stalled = 20
[planner]
kind = "sobol"
[lab]
kind = "function"
function = "lab:measure"
effect = "none"
"""


def test_a_campaign_that_a_rule_ended_says_how_to_go_on(matloop, tmp_path) -> None:
    """`run` tells the reason and the way on, `status` the rules, the costs and the forecast."""
    (tmp_path / "c.toml").write_text(FILE, encoding="utf-8")
    (tmp_path / "lab.py").write_text("def measure(x):\n    return x * (1.3 - x)\n", encoding="utf-8")
    told = matloop("run", "c.toml", "--quiet", "--no-report")
    assert told.code == 0
    assert "finished, y >= 0.42 is reached by trial" in told.out
    assert "matloop run c --go-on" in told.out
    facts = json.loads(matloop("status", "c", "--json").out)
    assert facts["stop"] == {"reached": "y >= 0.42", "stalled": "no improvement in 20 results"}
    assert facts["spent"] == 2 * facts["planned"]
    assert facts["forecast"]["is_reached"] is True
    told = matloop("run", "c", "--go-on", "--quiet", "--no-report")
    assert "budget of 30 trials" in told.out or "no improvement" in told.out
    assert "y >= 0.42 (set aside)" in matloop("status", "c").out


def test_a_goal_that_is_not_reached_has_a_forecast(matloop, tmp_path) -> None:
    """In words and as JSON; what no campaign reaches has no number."""
    (tmp_path / "c.toml").write_text(FILE.replace("0.42", "9.9").replace("30", "8"), encoding="utf-8")
    (tmp_path / "lab.py").write_text("def measure(x):\n    return x * (1.3 - x)\n", encoding="utf-8")
    assert "Forecast: y >= 9.9: " in matloop("run", "c.toml", "--quiet").out
    assert "Ends with the first of: y >= 9.9; no improvement in 20 results" in matloop("status", "c").out
    facts = json.loads(matloop("status", "c", "--json").out)["forecast"]
    assert facts["condition"] == "y >= 9.9"
    assert "Forecast: y" in (tmp_path / "c-report.html").read_text(encoding="utf-8")


def test_mistakes_in_rules_are_told_all_at_once(matloop, tmp_path) -> None:
    """Each with its place and the nearest right spelling."""
    broken = FILE.replace('reached = "y >= 0.42"', 'reached = "yy >= 0.42"').replace("cost = 2", 'cost = "2 * z"')
    (tmp_path / "c.toml").write_text(broken, encoding="utf-8")
    told = matloop("check", "c.toml")
    assert told.code == 2
    assert "stop.reached: 'yy' is neither an objective nor a variable (did you mean 'y'?)" in told.err
    assert "campaign.cost: 'z' is no variable of this space" in told.err
    (tmp_path / "c.toml").write_text(FILE.replace("stalled = 20", "staled = 20\ngain_below = -1"), encoding="utf-8")
    told = matloop("check", "c.toml")
    assert "stop.staled: no stop of the kind 'staled' (did you mean 'stalled'?)" in told.err
    assert "stop.gain_below: should be greater than 0, not -1" in told.err
