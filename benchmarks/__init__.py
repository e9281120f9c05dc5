"""How matloop compares: with its peers on published data (`python -m benchmarks.run`), with itself (`timings.py`)."""
