"""Completion in the shell: what the words of a command line may become, from a cache of what the server and the catalog have."""
