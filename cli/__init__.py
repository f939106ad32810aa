"""The command line: composition, one file a command, one error boundary, and the demo."""
