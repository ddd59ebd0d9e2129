"""The command ``python -m potrun.archive.inspect``; its code is in :mod:`potrun.cli.inspect`."""

from potrun.cli.inspect import main

if __name__ == "__main__":
    main()
