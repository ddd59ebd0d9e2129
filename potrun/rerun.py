"""The command ``python -m potrun.rerun``; its code is in :mod:`potrun.cli.rerun`."""

from potrun.cli.rerun import main

if __name__ == "__main__":
    main()
