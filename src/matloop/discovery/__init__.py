"""From data to a shortlist: datasets, features, models and screens joined into what one command does.

In: a Dataset. Out: a trained model with its card, predictions, explanations, a shortlist.
The only place that knows features, models and screening at once; beside the campaign, not part of it.
"""
