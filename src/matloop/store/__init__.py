"""Durable memory: the journal of each campaign, and files by the hash of their content.

In: events and bytes. Out: the same, after any crash. Keeps the contract Store: what is appended is on the disk.
"""
