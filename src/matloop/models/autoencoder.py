"""An autoencoder: a network that has to say each row again through a few numbers, the code.

scikit-learn's multilayer perceptron with a narrow middle, trained to give back its own standardized inputs. With one
linear layer it would be principal component analysis (Baldi & Hornik 1989, doi:10.1016/0893-6080(89)90014-2); with
tanh layers it also follows curved sets of rows (Kramer 1991, doi:10.1002/aic.690370209).
"""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matloop.models.regressor import Estimator, inputs

Array = NDArray[np.float64]
_ACTIVATION: dict[str, Any] = {"tanh": np.tanh, "identity": lambda x: x}


class Autoencoder(Estimator):
    """Rows (n, d) to codes (n, n_components) and back.

    `width` units stand before and behind the code; unless given, as many as there are inputs, at least 8 and at most
    64. `activation` is "tanh", whose code lies between −1 and 1, or "identity", which makes all of it linear.
    After `fit`, `n_iter_` says how long it trained.
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        width: int | None = None,
        activation: str = "tanh",
        alpha: float = 1e-4,
        max_iter: int = 300,
        random_state: int | None = 0,
    ) -> None:
        self.n_components = n_components
        self.width = width
        self.activation = activation
        self.alpha = alpha
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn from rows (n, d). Missing values are not taken: fill them before."""
        if self.activation not in _ACTIVATION:
            raise ValueError(f"activation is 'tanh' or 'identity', not {self.activation!r}")
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPRegressor
        from sklearn.preprocessing import StandardScaler

        from matloop.models.threads import one_thread

        X = inputs(X)
        self.scaler_ = StandardScaler().fit(X)
        scaled = self.scaler_.transform(X)
        width = self.width or min(max(8, X.shape[1]), 64)
        self.network_ = MLPRegressor(
            hidden_layer_sizes=(width, self.n_components, width),
            activation=self.activation,
            alpha=self.alpha,
            solver="lbfgs" if len(X) <= 2000 else "adam",
            max_iter=self.max_iter,
            random_state=self.random_state,
        )
        with warnings.catch_warnings(), one_thread():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the error says how far it came
            self.network_.fit(scaled, scaled[:, 0] if scaled.shape[1] == 1 else scaled)
        self.n_iter_ = self.network_.n_iter_
        self.n_features_in_ = X.shape[1]
        return self

    def fit_transform(self, X: ArrayLike, y: Any = None) -> Array:
        """The codes of the rows that it learns from."""
        return self.fit(X).transform(X)

    def transform(self, X: ArrayLike) -> Array:
        """The codes (n, n_components) of rows (n, d)."""
        return self._forward(self.scaler_.transform(self._inputs_like_fit(X)), 0, 2)

    def inverse_transform(self, X: ArrayLike) -> Array:
        """The rows (n, d) that the codes X (n, n_components) stand for."""
        return np.asarray(self.scaler_.inverse_transform(self._forward(inputs(X), 2, 4)))

    def reconstruction_error(self, X: ArrayLike) -> Array:
        """How far each row (n,) is from what its code stands for: the mean square over the standardized inputs.

        1 is what guessing the mean would cost; a row far above the others is unlike what was learned.
        """
        back = self.inverse_transform(self.transform(X))
        there, again = self.scaler_.transform(inputs(X)), self.scaler_.transform(back)
        return np.asarray(np.mean((there - again) ** 2, axis=1))

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """The share of the variance that survives the code: 1 less the mean reconstruction error."""
        return 1.0 - float(np.mean(self.reconstruction_error(X)))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        return np.array([f"code {i + 1}" for i in range(self.n_components)], dtype=object)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="transformer", target_tags=TargetTags(required=False), transformer_tags=TransformerTags()
        )

    def _forward(self, values: Array, first: int, last: int) -> Array:
        """Through the layers from `first` to before `last`, of four; the fourth gives its sum as it is."""
        for layer in range(first, last):
            values = values @ self.network_.coefs_[layer] + self.network_.intercepts_[layer]
            values = values if layer == 3 else _ACTIVATION[self.activation](values)
        return values
