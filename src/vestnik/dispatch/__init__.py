"""Time and concurrency: when a delivery is attempted, how many at once, and who must not wait for whom.

It has never heard of SQL or HTTP; it claims from a Store, sends through Gateways and records verdicts.
"""
