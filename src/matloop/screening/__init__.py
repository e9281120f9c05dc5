"""A funnel of many to few: stages over a stream of candidates, and the shortlist that is left.

In: a stream of candidates, stages from cheap to costly. Out: a Shortlist, and for each other candidate why it fell.
Memory does not grow with the number of candidates; local processes and Dask give equal results.
"""
