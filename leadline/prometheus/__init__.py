"""The only code that talks to Prometheus: the client, credentials, what a server can do."""
