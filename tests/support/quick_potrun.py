"""`python -m potrun` without the pictures, for tests that look at how a run ends."""

from potrun.__main__ import main
from potrun.runs import pipeline

if __name__ == "__main__":
    pipeline.draw_all = lambda *_args: []
    main()
