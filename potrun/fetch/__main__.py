"""The command ``python -m potrun.fetch``; its code is in :mod:`potrun.cli.fetch`."""

from potrun.cli.fetch import main

if __name__ == "__main__":
    main()
