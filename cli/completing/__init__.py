"""Shell completion: candidates for a word, from a cache of names of the server and the catalog."""
