"""Why a model says what it says: which inputs matter, in which direction, and how surely.

In: any fitted model with scikit-learn's `predict`, and rows as a matrix or a frame. Out: plain values, no figures.
What is explained is the model, not nature: a model that has learned something wrong is explained just as well.
"""
