"""What the emulators share: phones, journal, faults, limits, callbacks and the control API.

It has never heard of a particular messenger: each brings an emulator that speaks its wire and tells it the rest.
"""
