"""From a material to numbers: compositions, structures, molecules, pores, surface sites, spectra.

In: texts (formulas, SMILES, structures as JSON) or curves. Out: a matrix with named columns, units and citations.
Every featurizer is a scikit-learn transformer; what cannot be featurized is listed with its reason.
"""
