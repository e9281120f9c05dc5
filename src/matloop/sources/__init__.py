"""Where materials data come from: OPTIMADE providers, PubChem, ChEMBL, bulk files, published datasets by name.

In: a query. Out: a Dataset whose records know their origin and licence. Keeps the contract Source: downloads resume
after a kill without duplicates, wait when a host asks them to, and say clearly what cannot be reached.
"""
