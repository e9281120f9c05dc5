"""Materials with properties, units and origin: the Dataset, how it is read, examined and cleaned.

In: tables, crystal and molecule files. Out: a Dataset, and the records that were set aside with their reasons.
Nothing is dropped in silence; what is saved is read back without loss.
"""
