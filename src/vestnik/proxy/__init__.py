"""The way to the emulators for clients that have the real services' hosts written into them: a proxy that ends TLS.

It has never heard of a messenger: it is told hosts, and where behind the application each of them is.
"""
