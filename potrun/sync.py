"""The command ``python -m potrun.sync``; its code is in :mod:`potrun.cli.sync`."""

from potrun.cli.sync import main

if __name__ == "__main__":
    main()
