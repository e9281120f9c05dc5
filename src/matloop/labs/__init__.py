"""Where trials are carried out: functions, programs, people, and simulated labs that answer from data or physics.

In: trials. Out: outcomes, or the honest word that they are running, never began or are unknown.
Each lab is one model, the `[lab]` table of a campaign file, and keeps the contract `core.contracts.Lab`.
"""
