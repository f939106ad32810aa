"""Taking a snapshot: the window that is wanted, what is asked, kept or read again, and how to do it once more."""
