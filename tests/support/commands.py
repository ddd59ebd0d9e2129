"""The commands that the documents give, word for word."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARKDOWN = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
SETTINGS = tuple(sorted((ROOT / "conf").rglob("*.yaml")))

_BLOCK = re.compile(r"^```(?:bash|sh)\n(.*?)^```", re.S | re.M)
_SPAN = re.compile(r"`([^`\n]+)`")
_PROGRAMS = ("python", "potrun", "pip", "mlflow", "dask", "pytest", "sbatch", "qsub", "snakemake", "sphinx-build")


@dataclass(frozen=True)
class Command:
    """One program with its words, and the document that gives it."""

    document: str
    text: str

    @property
    def words(self) -> list[str]:
        """The words, without settings of the environment before them and without a comment."""
        words = shlex.split(self.text, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words.pop(0)
        return [word for word in words if word != "&"]

    @property
    def program(self) -> str:
        """The program's name without its folder."""
        return Path(self.words[0]).name.replace("python3", "python")

    @property
    def module(self) -> str | None:
        """What ``python -m`` starts; ``potrun`` for the command of that name."""
        if self.program == "potrun":
            return "potrun"
        return self.words[2] if self.program == "python" and self.words[1:2] == ["-m"] else None

    @property
    def arguments(self) -> list[str]:
        """The words after the program."""
        return self.words[1:] if self.program == "potrun" else self.words[3:]

    def __str__(self) -> str:
        return f"{self.document}: {' '.join(self.words)}"


def documented_commands() -> list[Command]:
    """Every command of the README, of CONTRIBUTING.md, of docs/ and of the comments in conf/, each once."""
    found: dict[str, Command] = {}
    for path in (*MARKDOWN, *SETTINGS):
        name = path.relative_to(ROOT).as_posix()
        for line in _lines(path):
            for part in re.split(r"\s*&&\s*", line):
                if part.strip() and not part.lstrip().startswith("#"):
                    command = Command(name, part.strip())
                    found.setdefault(" ".join(command.words), command)
    return list(found.values())


def _lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yaml":
        return re.findall(r"^#\s+(python -m \S.*)$", text, re.M)
    lines = [line for block in _BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    spans = [span for span in _SPAN.findall(_BLOCK.sub("", text)) if " " in span]
    return lines + [span for span in spans if Path(span.split()[0]).name.replace("3", "") in _PROGRAMS]
