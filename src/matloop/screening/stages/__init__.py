"""The kinds of stages, a file for each: who stays, and why others fall.

In: candidates with their columns. Out: a verdict on each. Each keeps the contract of screening/stage.py.
"""
