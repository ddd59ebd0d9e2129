"""`python -m potrun` without the pictures, for tests that look at how a run ends."""

from potrun import pipeline
from potrun.__main__ import main

if __name__ == "__main__":
    pipeline.draw_all = lambda *_args: []
    main()
