"""Pictures in windows, where there is a window system."""

from collections.abc import Iterable
from pathlib import Path

from potrun.core.errors import UsageError


def require_windows() -> None:
    """Refuse to promise a window where none can open.

    Raises
    ------
    UsageError
        If there is no window system, or no toolkit for it.
    """
    import matplotlib.pyplot as plt

    figure = plt.figure()
    framework = figure.canvas.required_interactive_framework
    plt.close(figure)
    if framework is None:
        raise UsageError("display=true needs a window system, there is none here: leave it out and open the files")


def show(pictures: Iterable[Path]) -> None:
    """Show pictures, each in a window of its own, and wait until all are closed.

    Raises
    ------
    UsageError
        If there is no window system.
    """
    import matplotlib.pyplot as plt

    require_windows()
    for picture in pictures:
        image = plt.imread(picture)
        height, width = image.shape[:2]
        figure = plt.figure(picture.name, figsize=(width / 100, height / 100), dpi=100)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.imshow(image)
        axes.set_axis_off()
    plt.show()
