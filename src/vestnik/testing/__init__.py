"""What the tests of other people's bots are given: emulators in a thread, with phones, journal, faults and a clock.

Nothing here has heard of the service that sends; `vestnik.testing.plugin` is what pytest loads.
"""
