"""Each command does what it says, tells facts as JSON, and ends with the right exit code."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import typer

from matloop.cli.doctor import EXTRAS
from matloop.cli.main import ORDER, program

COMMANDS = (
    *("new", "check", "run", "status", "why", "propose", "record"),
    *("resolve", "report", "export", "cases", "doctor"),
)

BENCH = """
[campaign]
name = "glue"
budget = 6
[space]
resin = { kind = "real", low = 0, high = 10, unit = "g" }
cure = { kind = "choice", options = ["slow", "fast"] }
[objective]
strength = { goal = "maximize", unit = "MPa" }
[planner]
kind = "random"
[lab]
kind = "person"
"""

MACHINE = BENCH.replace('kind = "person"', 'kind = "function"\nfunction = "lab:measure"\neffect = "none"')


@pytest.fixture
def bench(tmp_path: Path) -> None:
    (tmp_path / "glue.toml").write_text(BENCH, encoding="utf-8")


@pytest.fixture
def machine(tmp_path: Path) -> None:
    (tmp_path / "glue.toml").write_text(MACHINE, encoding="utf-8")
    (tmp_path / "lab.py").write_text("def measure(point):\n    return 10 - abs(point['resin'] - 4)\n", encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_help_shows_an_example(matloop, command: str) -> None:
    """`matloop COMMAND --help` shows how the command is used."""
    told = matloop(command, "--help")
    assert told.code == 0
    assert f"matloop {command}" in told.out.split("Example", 1)[1]


def test_the_help_names_every_command(matloop) -> None:
    """`matloop --help` lists each command that there is, once."""
    listed = [name for names in ORDER.values() for name in names.split()]
    assert sorted(listed) == sorted(typer.main.get_command(program()).commands)  # type: ignore[attr-defined]
    told = matloop("--help")
    assert all(f"  {command} " in told.out for command in listed)


def test_a_shell_completes_commands_and_else_files(matloop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script for the tab key asks matloop, and leaves to the shell what matloop does not know: names of files."""
    monkeypatch.setattr("shellingham.detect_shell", lambda *_: ("bash", "/bin/bash"))  # whoever began this process
    told = matloop("--show-completion")
    assert "_COMPLETE=complete_bash" in told.out
    assert "complete -o default" in told.out


def test_whoever_interrupts_a_command_is_told_that_nothing_is_lost(
    matloop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in any command ends with a word about what was done so far, and with exit code 130."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("matloop.discovery.importing.import_files", interrupted)
    (tmp_path / "a.csv").write_text("formula,x\nFeO,1\n", encoding="utf-8")
    told = matloop("import", "a.csv")
    assert told.code == 130
    assert "nothing recorded is lost" in told.err


@pytest.mark.parametrize("lab", ["person", "command", "function"])
def test_a_new_file_is_good_as_it_stands(matloop, tmp_path: Path, lab: str) -> None:
    """What `new` writes passes `check`, and is never written over."""
    (tmp_path / "lab.py").write_text("def measure(point):\n    return 1\n", encoding="utf-8")
    assert matloop("new", "adhesive", "--lab", lab).code == 0
    told = matloop("check", "adhesive.toml", "--json")
    assert told.code == 0, told.err
    assert json.loads(told.out)["ok"] is True
    again = matloop("new", "adhesive")
    assert again.code == 2
    assert "exists already" in again.err


def test_check_tells_every_mistake_with_its_place(matloop, tmp_path: Path) -> None:
    """All mistakes at once, each with its path and the nearest right spelling, and exit code 2."""
    text = BENCH.replace(
        "[objective]", "cold = { kind = 'real', low = 0, high = 1 }\nconstraints = ['cold + 2 <= hot']\n[objective]"
    )
    text = (
        text.replace("low = 0, high = 10", "lo = 0, high = 10")
        .replace('"maximize"', '"maximise"')
        .replace('"random"', '"randm"')
    )
    (tmp_path / "glue.toml").write_text(text, encoding="utf-8")
    told = matloop("check", "glue.toml", "--json")
    assert told.code == 2
    mistakes = {mistake["path"]: mistake for mistake in json.loads(told.out)["mistakes"]}
    assert {
        "space.resin.lo",
        "space.resin.low",
        "objective.strength.goal",
        "planner.kind",
        "space.constraints[0]",
    } <= mistakes.keys()
    assert "low" in mistakes["space.resin.lo"]["hint"]
    assert "maximize" in mistakes["objective.strength.goal"]["hint"]
    assert "random" in mistakes["planner.kind"]["hint"]
    words = matloop("check", "glue.toml")
    assert words.code == 2
    assert all(path in words.err for path in mistakes)


def test_the_schema_is_one(matloop) -> None:
    """`check --schema` prints a JSON Schema with every planner and lab."""
    schema = json.loads(matloop("check", "--schema").out)
    assert schema["$schema"].startswith("https://json-schema.org")
    text = json.dumps(schema)
    assert all(kind in text for kind in ("bayesian", "latin_hypercube", "command", "person", "mixture", "at_most"))


@pytest.mark.usefixtures("machine")
def test_run_ends_with_the_best_and_a_report(matloop, tmp_path: Path) -> None:
    """`run` works the budget off, tells the best design and writes the report; a second run changes nothing."""
    told = matloop("run", "glue.toml", "--json")
    assert told.code == 0, told.err
    facts = json.loads(told.out)
    assert facts["status"] == "finished"
    assert facts["trials"] == {"done": 6}
    assert (tmp_path / "glue-report.html").is_file()
    assert Path(facts["report"]).name == "glue-report.html"
    again = json.loads(matloop("run", "glue.toml", "--json").out)
    assert again["best"] == facts["best"]
    words = matloop("run", "glue.toml").out
    assert "Best design" in words
    assert "strength [MPa]" in words


@pytest.mark.usefixtures("machine")
def test_a_changed_file_needs_consent(matloop, tmp_path: Path) -> None:
    """A changed definition is shown and refused until `--accept-changes`, which the journal records."""
    matloop("run", "glue.toml", "--json")
    (tmp_path / "glue.toml").write_text(MACHINE.replace("budget = 6", "budget = 8"), encoding="utf-8")
    refused = matloop("run", "glue.toml", "--json")
    assert refused.code == 2
    assert "campaign.budget: 6 → 8" in refused.err
    accepted = matloop("run", "glue.toml", "--json", "--accept-changes")
    assert accepted.code == 0
    assert json.loads(accepted.out)["trials"] == {"done": 8}
    matloop("export", "glue")
    assert '"kind":"spec_changed"' in (tmp_path / "glue-journal.jsonl").read_text(encoding="utf-8")


@pytest.mark.usefixtures("bench")
def test_a_person_proposes_records_and_reads_the_status(matloop, tmp_path: Path) -> None:
    """Propose, fill in, record: by sheet and by one value, in another unit too."""
    proposed = json.loads(matloop("propose", "glue.toml", "-n", "3", "--json").out)
    first, second, third = proposed["trials"]
    sheet = (tmp_path / proposed["sheet"]).read_text(encoding="utf-8-sig").splitlines()
    column = sheet[0].split(",").index("strength [MPa]")
    cells = [line.split(",") for line in sheet[1:]]
    cells[0][column], cells[1][column] = "12.5", "nonsense"
    (tmp_path / "filled.csv").write_text("\n".join([sheet[0], *(",".join(c) for c in cells)]), encoding="utf-8")
    told = matloop("record", "glue", "filled.csv", "--json")
    assert told.code == 2, "one row is wrong"
    taken = json.loads(told.out)[0]
    assert taken["accepted"] == [first["trial"]]
    assert "filled.csv:3" in taken["problems"][0]["path"]
    assert matloop("record", "glue", "--trial", second["trial"], "strength=14000 kPa").code == 0
    assert matloop("record", "glue", "--trial", str(third["number"]), "strength=9").code == 0
    status = json.loads(matloop("status", "glue", "--json").out)
    assert status["trials"] == {"done": 3}
    assert status["best"][0]["values"] == {"strength": pytest.approx(14.0)}


@pytest.mark.usefixtures("bench")
def test_a_result_can_be_corrected_but_not_silently(matloop) -> None:
    """Another result for the same trial is a conflict until a person settles it, with a reason."""
    trial = json.loads(matloop("propose", "glue.toml", "--json").out)["trials"][0]["trial"]
    matloop("record", "glue", "--trial", trial, "strength=5")
    matloop("record", "glue", "--trial", trial, "strength=6")
    status = json.loads(matloop("status", "glue", "--json").out)
    assert status["conflicts"][0]["values"] == {"strength": 5.0}
    assert matloop("resolve", "glue", trial, "--happened", "strength=6", "--why", "typing error").code == 0
    status = json.loads(matloop("status", "glue", "--json").out)
    assert status["conflicts"] == []
    assert status["best"][0]["values"] == {"strength": 6.0}


@pytest.mark.usefixtures("machine")
def test_export_writes_every_format_with_units(matloop, tmp_path: Path) -> None:
    """CSV, Parquet and JSON Lines agree, and the journal is whole."""
    import pandas as pd

    matloop("run", "glue.toml", "--json")
    told = matloop("export", "glue", "--out", "out", "--json")
    assert told.code == 0
    csv = pd.read_csv(tmp_path / "out/glue-results.csv")
    parquet = pd.read_parquet(tmp_path / "out/glue-results.parquet")
    lines = pd.read_json(tmp_path / "out/glue-results.jsonl", lines=True)
    assert {"resin [g]", "cure", "strength [MPa]", "status"} <= set(csv.columns)
    assert csv["strength [MPa]"].tolist() == pytest.approx(parquet["strength [MPa]"].tolist())
    assert lines["resin [g]"].tolist() == pytest.approx(csv["resin [g]"].tolist())
    journal = (tmp_path / "out/glue-journal.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["sequence"] for line in journal] == list(range(1, len(journal) + 1))
    assert matloop("export", "glue", "--format", "xlsx").code == 2


@pytest.mark.usefixtures("machine")
def test_the_doctor_replays_the_journal(matloop, tmp_path: Path) -> None:
    """`doctor NAME` finds the store sound and the suggestions repeated."""
    matloop("run", "glue.toml", "--json")
    told = matloop("doctor", "glue", "--json")
    findings = {finding["what"]: finding for finding in json.loads(told.out)}
    assert findings["store"]["ok"]
    assert findings["suggestions of glue"]["ok"]


def test_the_doctor_knows_every_extra_of_the_package(matloop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each extra of pyproject.toml is looked for by a module of each of its packages; one that is missing is named."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert set(EXTRAS) == set(extras) - {"all", "test", "dev"}
    for extra, modules in EXTRAS.items():
        for module, package in zip(modules, extras[extra], strict=True):
            assert package.startswith(module)
    monkeypatch.setitem(EXTRAS, "maps", ("no_such_module",))
    told = {finding["what"]: finding["told"] for finding in json.loads(matloop("doctor", "--json").out)}
    assert re.search(r"not installed: (\w+, )*maps(, \w+)* \(pip install \"matloop\[\w+\]\"\)$", told["extras"])


def test_cases_are_listed_with_their_claims(matloop) -> None:
    """`cases` names bear with its paper and its labs."""
    listed = {case["name"]: case for case in json.loads(matloop("cases", "--json").out)}
    assert listed["bear"]["doi"] == "10.1126/sciadv.aaz1708"
    assert set(listed["bear"]["labs"]) == {"twin", "replay"}
    assert "60 times" in matloop("cases", "bear").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "nothing"], "no campaign 'nothing'"),
        (["run", "bera"], "did you mean 'bear'"),
        (["run", "missing.toml"], "there is no campaign file"),
        (["status", "nothing"], "no campaign"),
        (["status"], "there is no store"),
        (["check"], "no file to check"),
        (["new", "a/b"], "is no name"),
        (["run", "bear", "--lab", "reply"], "did you mean 'replay'"),
        (["run", "bear", "--planner", "bayes"], "bayesian"),
        (["run", "bear", "--budget", "0"], "budget"),
        (["run", "bear", "--lab", "replay", "--data", "nowhere.csv"], "nowhere.csv"),
        (["cases", "nothing"], "there is no case"),
        (["frobnicate"], "No such command"),
    ],
)
def test_a_mistake_gets_a_message_and_not_a_traceback(matloop, words: list[str], says: str) -> None:
    """What a person can mistype is answered with what is wrong, and exit code 1 or 2."""
    told = matloop(*words)
    assert told.code in (1, 2)
    assert says in told.err
    assert "Traceback" not in told.err


def test_constraints_that_contradict_each_other_are_a_mistake(matloop, tmp_path: Path) -> None:
    """`check` finds that nothing meets them, before a run does."""
    text = BENCH.replace("[objective]", "constraints = ['resin >= 6', 'resin * resin <= 9']\n[objective]")
    (tmp_path / "glue.toml").write_text(text, encoding="utf-8")
    told = matloop("check", "glue.toml")
    assert told.code == 2
    assert "space.constraints" in told.err
    assert "resin * resin <= 9" in told.err


def test_results_are_taken_though_the_candidates_are_gone(matloop, tmp_path: Path) -> None:
    """A file of candidates that is missing or changed keeps no result out."""
    pool = "[space]\ncandidate = { kind = 'pool', file = 'c.csv' }\n[objective]"
    before, _, after = BENCH.partition("[space]")
    (tmp_path / "glue.toml").write_text(before + pool + after.partition("[objective]")[2], encoding="utf-8")
    (tmp_path / "c.csv").write_text("mass,size\n1,2\n2,3\n3,5\n", encoding="utf-8")
    assert matloop("propose", "glue.toml", "-n", "2").code == 0
    (tmp_path / "c.csv").write_text("mass,size\n1,2\n2,3\n3,6\n4,7\n", encoding="utf-8")
    assert matloop("record", "glue", "--trial", "1", "strength=3").code == 0
    (tmp_path / "c.csv").unlink()
    assert matloop("record", "glue", "--trial", "2", "strength=4").code == 0
    assert json.loads(matloop("status", "glue", "--json").out)["trials"] == {"done": 2}


@pytest.mark.usefixtures("bench")
def test_an_export_leaves_the_sheet_alone(matloop, tmp_path: Path) -> None:
    """What a person is filling in has another name than what is exported beside it."""
    assert matloop("propose", "glue.toml", "-n", "2").code == 0
    sheet = tmp_path / "glue-trials.csv"
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("\n1,", "\n1 ,"), encoding="utf-8")
    before = sheet.read_bytes()
    assert matloop("export", "glue.toml").code == 0
    assert (tmp_path / "glue-results.csv").exists()
    assert sheet.read_bytes() == before
