"""One file for each format that `matloop import` reads.

In: a path. Out: a `Raw` table, cells as they stand in the file, and what could not even be cut into cells. A reader
raises TableError where the whole file is of no use; one bad record never costs the others.
"""
