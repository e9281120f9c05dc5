"""Warnings while forests are fitted in threads."""

import sys
import warnings

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor

from matloop.models.steady_warnings import steady_warnings


def test_filters_that_threads_have_emptied_are_back_afterwards() -> None:
    """Threads that change places all the time lose the filters of scikit-learn 1.9 nearly always."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        before, often = list(warnings.filters), sys.getswitchinterval()
        X = np.random.default_rng(0).normal(size=(40, 3))
        sys.setswitchinterval(1e-6)
        try:
            with steady_warnings():
                for _ in range(3):
                    ExtraTreesRegressor(100, n_jobs=2).fit(X, X[:, 0])
        finally:
            sys.setswitchinterval(often)
        assert list(warnings.filters) == before


def test_of_all_warnings_that_of_lost_filters_alone_is_not_shown(recwarn: pytest.WarningsRecorder) -> None:
    with steady_warnings():
        for text in ("`sklearn.utils.parallel.delayed` should be used with …", "the result may be wrong"):
            warnings.warn(text, UserWarning, stacklevel=1)
    assert [str(each.message) for each in recwarn] == ["the result may be wrong"]
