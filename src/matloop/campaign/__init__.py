"""The loop: the one place that waits and writes.

In: a definition, a planner, a lab and a store. Out: a journal of what was planned, sent and measured, and its state.
Keeps the promises P1 to P11 of the design; planners, labs and stores know nothing of each other.
"""
