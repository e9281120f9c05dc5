"""What may be wrong with a dataset, one file for each question.

In: a Dataset. Out: findings, each with its numbers and the records it is about. Nothing is changed.
"""
