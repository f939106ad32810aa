"""The only package that talks to Prometheus: client, credentials and server features."""
