"""The command ``python -m potrun.compare``; its code is in :mod:`potrun.cli.compare`."""

from potrun.cli.compare import main

if __name__ == "__main__":
    main()
