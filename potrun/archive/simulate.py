"""The command ``python -m potrun.archive.simulate``; its code is in :mod:`potrun.cli.simulate`."""

from potrun.cli.simulate import main

if __name__ == "__main__":
    main()
