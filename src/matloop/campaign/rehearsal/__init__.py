"""Rehearsals: hundreds of simulated campaigns that compare planners, batch sizes and noise before a gram is spent.

In: a campaign on a simulated lab. Out: records of campaigns, and what they tell. Nothing here writes a journal.
"""
