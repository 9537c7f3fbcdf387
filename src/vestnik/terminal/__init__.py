"""What a person sees in a terminal: sending with a progress bar, watching a message, managing keys.

It has never heard of the service's inner rooms; it speaks to a running service over its HTTP API.
"""
