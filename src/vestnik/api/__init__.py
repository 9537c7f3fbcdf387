"""HTTP in, domain out: what callers, vendors' webhooks and probes may ask of the service and how they are answered.

Nothing here does anything with a message but check it and hand it to the store.
"""
