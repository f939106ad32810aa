"""`python -m leadline` runs the command line."""

from leadline.cli.main import main

if __name__ == "__main__":
    main()
