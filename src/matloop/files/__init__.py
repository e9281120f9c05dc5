"""The file system, for every storey above: tables read, files written whole or not at all, locks held.

In: paths. Out: columns, bytes, locks. Imports nothing but core; every refusal is an InputError with a hint.
"""
