"""Candidates that several tests screen."""

import pandas as pd
import pytest


@pytest.fixture
def oxides() -> pd.DataFrame:
    """Fifty candidates, some of them poisonous, doubled, or no formulas at all."""
    formulas = ["Fe2O3", "FeO", "PbO", "TiO2", "O2Ti", "XyO", "", "BaTiO3", "U3O8", "NaCl"]
    names = [f"sample {i}" for i in range(50)]
    return pd.DataFrame({"name": names, "formula": formulas * 5, "price": [i % 17 for i in range(50)]})
