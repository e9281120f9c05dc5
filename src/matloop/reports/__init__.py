"""Reports: what a campaign found, for people to read.

In: a definition, the state of its journal, and what a model learned from it. Out: one HTML file that needs no network.
Keeps the rule that all text comes from users: it is escaped wherever it goes, and nothing measured or failed is hidden.
"""
