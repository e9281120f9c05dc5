"""Nouns and contracts: spaces, objectives, trials, events and the fold that turns a journal into state.

In: what the user wrote and what the labs answered. Out: validated, frozen values and pure functions of them.
Keeps the rule that everything stands on: numpy and pydantic, no input or output, no clock, no global random numbers.
"""
