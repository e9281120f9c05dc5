"""Calculations that are costly enough to be the last stage of a screen, or a lab of their own.

In: a structure and conditions. Out: values with their uncertainty. Each works in a process of its own, with a deadline.
"""
