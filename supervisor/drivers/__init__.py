"""The field's edge: one driver per protocol, one pool over all of them.

A driver never raises for plant trouble: a reading that could not be had is a bad reading, a write that could not be
confirmed is a receipt that says so. No driver retries, queues or buffers a setpoint.
"""
