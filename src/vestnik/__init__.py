"""Vestnik takes messages over an HTTP API and sends them to messengers; this package holds all of its rooms."""
