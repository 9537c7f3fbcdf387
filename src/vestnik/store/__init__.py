"""The durable rows: SQLite for one machine and plain memory for tests, behind the one door `vestnik.ports.Store`."""
