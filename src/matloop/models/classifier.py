"""What scikit-learn asks of a classifier of two classes, without importing scikit-learn."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matloop.models.regressor import Estimator, conversion_warning

Array = NDArray[np.float64]


class Classifier(Estimator):
    """An estimator of labels. `classes_` holds the two kinds in order, or the only one."""

    _estimator_type = "classifier"
    classes_: NDArray[Any]

    def predict_proba(self, X: ArrayLike) -> Array:
        raise NotImplementedError

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The likelier label (m,) at X (m, d)."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """The share of labels y (m,) that is predicted at X (m, d)."""
        return float(np.mean(self.predict(X) == labels(y)))

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, Tags, TargetTags

        target, classifier = TargetTags(required=True), ClassifierTags(multi_class=False)
        return Tags(estimator_type="classifier", target_tags=target, classifier_tags=classifier)

    def _take_labels(self, y: ArrayLike, n: int) -> Array:
        """Keep the classes; the labels as 0 and 1, (n,). One class alone is 1, unless it is False, 0 or negative."""
        told = labels(y)
        if len(told) != n:
            raise ValueError(f"X has {n} rows and y has {len(told)}: each row needs both")
        classes, codes = np.unique(told, return_inverse=True)
        if len(classes) > 2:
            raise ValueError(f"Only binary classification is supported. y has {len(classes)} classes")
        self.classes_ = classes
        if len(classes) == 1:
            codes = codes + int(classes.dtype.kind not in "biuf" or bool(classes[0] > 0))
        return np.asarray(codes, dtype=float)


def labels(y: ArrayLike) -> NDArray[Any]:
    """y as labels (n,); raises ValueError where it is missing, not finite, continuous or has several columns."""
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None")
    told = np.asarray(y)
    if told.size != len(np.atleast_1d(told)):
        raise ValueError(f"y has shape {told.shape}: one label for each row is needed")
    if told.ndim > 1:
        warnings.warn("A column-vector y was passed when a 1d array was expected", conversion_warning(), stacklevel=3)
    if told.dtype.kind == "f":
        if not np.isfinite(told).all():
            raise ValueError("Input y contains NaN or infinity")
        if (told != np.round(told)).any():
            raise ValueError("Unknown label type: continuous. Labels are of two kinds, numbers are not")
    return told.reshape(-1)
