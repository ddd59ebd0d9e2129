"""A table of findings, as CSV for programs, as aligned text and as Markdown for people."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Columns and rows under a title; a number that does not exist is NaN or None."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def to_csv(self) -> str:
        """Return the table as CSV, numbers in full and empty where there is none."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([["" if is_missing(cell) else cell for cell in row] for row in self.rows])
        return out.getvalue()

    def to_text(self) -> str:
        """Return the table as aligned text under its title, numbers with four figures."""
        lines = [list(self.columns), *([_shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.columns))]
        is_text = [all(isinstance(row[n], str) for row in self.rows) for n in range(len(self.columns))]
        padded = [
            "  ".join(
                cell.ljust(width) if left else cell.rjust(width)
                for cell, width, left in zip(line, widths, is_text, strict=True)
            ).rstrip()
            for line in lines
        ]
        return "\n".join([self.title, *padded])

    def to_markdown(self) -> str:
        """Return the table as Markdown under its title, numbers with four figures."""
        lines = [list(self.columns), *([_shown(cell) for cell in row] for row in self.rows)]
        head, *body = ("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        rule = "| " + " | ".join("---" for _ in self.columns) + " |"
        return "\n".join([f"**{self.title}**", "", head, rule, *body, ""])


def is_missing(cell: Cell) -> bool:
    """Tell whether a cell holds no value."""
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _shown(cell: Cell) -> str:
    if is_missing(cell):
        return "-"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)
