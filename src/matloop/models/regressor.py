"""What scikit-learn asks of an estimator and of a regressor, without importing scikit-learn: that alone takes a second.

`clone`, `cross_val_score`, pipelines and grid searches ask for these methods, not for a base class.
"""

import inspect
import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class Estimator:
    """The parameters of a model are the arguments of its `__init__`, kept under the same names."""

    n_features_in_: int

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **parameters: Any) -> Self:
        """Raises ValueError where a name is not one of the parameters."""
        names = list(self.get_params())
        for name, value in parameters.items():
            if name not in names:
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}; it has {', '.join(names)}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({arguments})"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def _inputs_like_fit(self, X: ArrayLike) -> Array:
        """X (m, d) checked against the fitted model, which must exist."""
        if not self.__sklearn_is_fitted__():
            raise _not_fitted(f"this {type(self).__name__} is not fitted yet: call fit first")
        X, name, expected = inputs(X), type(self).__name__, self.n_features_in_
        if X.shape[1] != expected:
            raise ValueError(f"X has {X.shape[1]} features, but {name} is expecting {expected} features as input")
        return X


class Regressor(Estimator):
    """An estimator of numbers."""

    _estimator_type = "regressor"

    def predict(self, X: ArrayLike) -> Any:
        raise NotImplementedError

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """R² of the predictions at X (m, d) for outcomes y (m,); 0 where these are all equal and missed."""
        y = outcomes(y)
        residual, spread = np.sum((y - self.predict(X)) ** 2), np.sum((y - y.mean()) ** 2)
        return float(1.0 - residual / spread) if spread > 0.0 else float(residual == 0.0)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags, Tags, TargetTags

        target = TargetTags(required=True)
        return Tags(estimator_type="regressor", target_tags=target, regressor_tags=RegressorTags())


def _not_fitted(message: str) -> Exception:
    """scikit-learn's own error, so that its tools recognize it; it is a ValueError."""
    from sklearn.exceptions import NotFittedError

    return NotFittedError(message)


def inputs(X: ArrayLike) -> Array:
    """X as floats (n, d); raises ValueError where it is not a finite table with a row and a column."""
    X = _real(X, "X")
    if X.ndim != 2:
        raise ValueError(f"Expected 2D array, got {X.ndim}D array instead. Reshape your data: rows × inputs")
    for axis, what in enumerate(("sample(s)", "feature(s)")):
        if X.shape[axis] == 0:
            raise ValueError(f"Found array with 0 {what} (shape={X.shape}) while a minimum of 1 is required.")
    return X


def outcomes(y: ArrayLike) -> Array:
    """y as floats (n,); raises ValueError where it is not finite or has several columns."""
    y = _real(y, "y")
    if y.size != y.shape[0]:
        raise ValueError(f"y has shape {y.shape}: one outcome for each observation is needed")
    if y.ndim > 1:
        warnings.warn("A column-vector y was passed when a 1d array was expected", conversion_warning(), stacklevel=3)
    return y.reshape(-1)


def conversion_warning() -> type[Warning]:
    """scikit-learn's own warning, so that its tools recognize it."""
    from sklearn.exceptions import DataConversionWarning

    return DataConversionWarning


def _real(values: ArrayLike, name: str) -> Array:
    if values is None:
        raise ValueError(f"requires {name} to be passed, but the target {name} is None")
    if hasattr(values, "toarray"):
        raise TypeError(f"{name} is a sparse matrix, and dense data is required: use its toarray()")
    array = np.asarray(values)
    if np.iscomplexobj(array):
        raise ValueError(f"Complex data not supported: {name}")
    array = np.atleast_1d(array.astype(float))
    if not np.isfinite(array).all():
        raise ValueError(f"Input {name} contains NaN or infinity")
    return array
