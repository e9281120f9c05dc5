"""Published systems, rebuilt: each folder holds a definition, the paper's claim, and what is special.

In: a case's name. Out: a campaign made only of what stands below.
"""
