"""Delivery: which messages follow from events and the clock, and how they reach their receivers.

`plan` queues messages; `dispatch` claims those that are due, sends them and records the results.
"""
