"""The command ``python -m potrun.plot``; its code is in :mod:`potrun.cli.plot`."""

from potrun.cli.plot import main

if __name__ == "__main__":
    main()
