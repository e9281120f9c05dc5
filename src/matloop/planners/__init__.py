"""Thinking about the next trial: designs that fill a space, and planners that learn.

In: a space, what is wanted, what was observed and what is pending. Out: proposals, each with its reason.
Keeps the contract Planner: stateless, and every proposal meets every constraint and stays on its grid.
"""
