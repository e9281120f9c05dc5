"""The peers, each behind the same door: a process in an environment of its own that speaks JSON lines (`door.py`)."""
