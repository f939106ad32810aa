"""The one edge to Prometheus: client, authentication, flavours."""
