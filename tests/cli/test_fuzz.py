"""Whatever stands in a campaign file, `check` answers with a message: never a traceback, never a hang."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matloop.campaign.campaign import Campaign
from matloop.core.errors import InputError

GOOD = Path(__file__).parent.parent.parent / "src/matloop/cases/bear/campaign.toml"
TEXT = GOOD.read_text(encoding="utf-8")

#: Values that upset programs.
_NUMBERS = ["nan", "inf", "-inf", "1e999", "9" * 400, "-0.0", "0x7fffffffffffffffffff", "1979-05-27", "true"]
_TEXTS = ['""', "'\\u0000'", '"∞µ\\u202e"', '"../../etc/passwd"', '"' + "x" * 5000 + '"']
_NESTED = ["[]", "{}", "[[[[[]]]]]", "{ a = { b = { c = 1 } } }"]
UPSETTING = st.sampled_from([*_NUMBERS, *_TEXTS, *_NESTED])


def checked(folder: Path, content: bytes) -> None:
    """Define a campaign by this file; the only error allowed is one that tells a person what is wrong."""
    path = folder / "fuzz.toml"
    path.write_bytes(content)
    try:
        campaign = Campaign.from_file(path)
        if campaign.spec.lab is not None and campaign.spec.lab.kind in ("twin", "person"):
            campaign.check_lab()
        assert campaign.spec.space.n_points > 0
    except InputError as refused:
        told = refused.message
    else:
        told = "good"
    assert told.strip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=st.binary(max_size=400))
def test_any_bytes(folder: Path, content: bytes) -> None:
    """Bytes that are no campaign file are refused with a message."""
    checked(folder, content)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_good_file_with_upsetting_values(folder: Path, data: st.DataObject) -> None:
    """Any value of a good file replaced by an upsetting one gives a definition or a message."""
    lines = TEXT.splitlines()
    places = [i for i, line in enumerate(lines) if "=" in line and not line.startswith("#")]
    for place in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=3, unique=True)):
        before, _, after = lines[place].partition("=")
        value = data.draw(UPSETTING)
        inner = [i for i, letter in enumerate(after) if letter == "="]
        if inner and data.draw(st.booleans()):
            cut = data.draw(st.sampled_from(inner))
            rest = after[cut + 1 :].partition(",")
            lines[place] = f"{before}={after[: cut + 1]} {value},{rest[2]}" if rest[1] else f"{before}= {value}"
        else:
            lines[place] = f"{before}= {value}"
    checked(folder, "\n".join(lines).encode())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_good_file_damaged(folder: Path, data: st.DataObject) -> None:
    """A good file with a piece cut out, doubled or overwritten gives a definition or a message."""
    content = bytearray(TEXT.encode())
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 200)))
    piece = data.draw(st.one_of(st.just(b""), st.binary(max_size=20), st.just(bytes(content[start:end]) * 2)))
    content[start:end] = piece
    checked(folder, bytes(content))


WISH = "\n[objective]\ny = { goal = 'maximize' }"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[campaign]",
        "campaign = 1\nspace = 2\nobjective = 3\nplanner = 4\nlab = 5",
        "[space]\nx = 1\n[objective]\ny = 2",
        "[space]\n[objective]",
        "[space]\nx = { kind = 'real', low = 0, high = 1 }\n[objective]\nx = { goal = 'maximize' }",
        "[[campaign]]\nname = 'a'",
        "a = " + "[" * 5000 + "]" * 5000,
        "[space]\nx = { kind = 'mixture', components = ['a'] }\n[objective]\ny = { goal = 'near' }",
        "[space]\nx = { kind = 'integer', low = 0, high = 9999999999999999999999, step = 1 }" + WISH,
        "[space]\nx = { kind = 'pool', file = '/dev/zero' }" + WISH,
        "[space]\nx = { kind = 'mixture', components = ['a', 'b', 'c'], step = 1e-9 }" + WISH,
        "[space]\nx = { kind = 'real', low = 0, high = 1, step = 1e-300 }" + WISH,
        "[space]\nx = { kind = 'choice', options = [1, true, '1'] }\n[objective]\ny = { goal = 'near', unit = '1/0' }",
        "[space]\nx = { kind = 'real', low = 0, high = 1, unit = '9**9**9**9' }" + WISH,
        "[space]\nx = { kind = 'real', low = 0, high = 1 }\nconstraints = ['9**9**9**9 < x', '"
        + "(" * 900
        + "x']"
        + WISH,
    ],
)
def test_known_traps(folder: Path, text: str) -> None:
    """Traps that have caught other programs."""
    checked(folder, text.encode())
