"""Which trials are the best."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matloop.core.merit import best, best_so_far, shortfall, utilities, values
from matloop.core.objective import AtLeast, AtMost, Maximize, Minimize, Near
from matloop.core.trial import Observation

RESULTS = st.lists(
    st.tuples(st.sampled_from([None, -1.0, 0.0, 1.0, 2.0, 3.5]), st.sampled_from([None, 0.0, 1.0, 2.0]), st.booleans()),
    max_size=12,
)


def observed(results):
    """Observations of quantities a and b, either of which may be missing; the third entry tells whether it failed."""
    return [
        Observation(
            str(i),
            {"x": 0.0},
            {k: v for k, v in (("a", a), ("b", b)) if v is not None},
            failed="it cracked" if failed else None,
        )
        for i, (a, b, failed) in enumerate(results)
    ]


@given(RESULTS)
def test_best_so_far_is_the_best_of_the_trials_until_then(results):
    observations = observed(results)
    for wishes in ([Maximize("a")], [Minimize("a")], [Near("a", 1.2)], [Maximize("a"), AtMost("b", 1.0)]):
        curve = best_so_far(wishes, observations)
        assert curve.shape == (len(observations),)
        for i in range(len(observations)):
            table = utilities(wishes, observations[: i + 1])
            if not np.isfinite(table).any():
                assert np.isnan(curve[i])
            else:
                assert curve[i] == observations[best(wishes, observations[: i + 1])[0]].values["a"]


@given(RESULTS)
def test_a_front_holds_all_that_nothing_beats(results):
    wishes, observations = [Maximize("a"), Minimize("b")], observed(results)
    table = utilities(wishes, observations)
    front = best(wishes, observations)
    good = [i for i in range(len(observations)) if np.isfinite(table[i]).all()]
    for i in good:
        beaten = any((table[j] >= table[i]).all() and (table[j] > table[i]).any() for j in good)
        assert (i in front) == (not beaten)
    assert front == sorted(front)


@given(RESULTS)
def test_what_failed_or_misses_a_threshold_is_never_best_while_something_is_sound(results):
    wishes, observations = [Maximize("a"), AtLeast("b", 1.0)], observed(results)
    sound = [o.failed is None and o.values.get("b", -1) >= 1 and "a" in o.values for o in observations]
    for i in best(wishes, observations):
        assert observations[i].failed is None
        assert sound[i] or not any(sound)


def test_a_failed_trial_has_no_value_even_if_something_was_measured():
    observations = observed([(9.0, 1.0, True), (1.0, 1.0, False)])
    assert np.isnan(values(Maximize("a"), observations)[0])
    assert best([Maximize("a")], observations) == [1]


def test_thresholds_alone_are_a_goal_to_come_near_to():
    wishes = [AtLeast("a", 2.0), AtMost("b", 0.0)]
    observations = observed([(0.0, 0.0, False), (1.0, 0.0, False), (None, 0.0, False), (3.5, 0.0, True)])
    np.testing.assert_allclose(shortfall(wishes, observations)[:2], [1.0, 0.5])
    assert utilities(wishes, observations)[:, 0].tolist() == [-1.0, -0.5, -np.inf, -np.inf]
    assert best(wishes, observations) == [1]


def test_the_nearest_miss_leads_where_nothing_meets_the_thresholds():
    wishes = [Maximize("a"), AtLeast("b", 10.0)]
    assert best(wishes, observed([(9.0, 1.0, False), (1.0, 2.0, False)])) == [1]


def test_without_trials_nothing_is_best():
    assert best([Maximize("a")], []) == []
    assert best([Maximize("a")], observed([(None, None, False), (1.0, 1.0, True)])) == []
    assert best_so_far([AtMost("a", 1.0)], observed([(1.0, 1.0, False)])).tolist() != [1.0]
    assert utilities([Maximize("a"), Minimize("b")], []).shape == (0, 2)
