"""The command ``python -m potrun.day``; its code is in :mod:`potrun.cli.day`."""

from potrun.cli.day import main

if __name__ == "__main__":
    main()
