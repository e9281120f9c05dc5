"""Figures as plotly reads them: plain data, one module for each subject.

In: columns, trials and facts. Out: `Figure`, whose `data` and `layout` are plotly's own JSON. No plotly is imported.
"""
