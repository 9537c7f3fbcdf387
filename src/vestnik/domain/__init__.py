"""The nouns and rules of sending messages: what is true of them before any database, network or clock exists.

Nothing here does I/O, reads the time or draws a random number, and nothing beyond the standard library is imported.
"""
