"""A closed standard stream is no trouble, and no other file takes its place."""

import subprocess
import sys

SCRIPT = (
    "import os, sys; from potrun.core.streams import fill_closed_streams; fill_closed_streams(); "
    "sys.stderr.write('said\\n'); sys.stderr.flush(); file = open({path!r}, 'w'); "
    "os.write(2, b'into nothing'); file.write('kept'); file.close(); "
    "child = 'import os, sys; sys.stderr.write(str(os.fstat(2)))'; "
    "import subprocess; sys.exit(3 + subprocess.call([sys.executable, '-c', child], close_fds=True))"
)


def test_closed_streams_are_filled(tmp_path):
    path = tmp_path / "result"
    command = [sys.executable, "-c", SCRIPT.format(path=str(path))]
    for closed in ("2>&-", ">&- 2>&-", "<&- >&- 2>&-", ""):
        done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *command], capture_output=True, check=False)
        assert done.returncode == 3, done.stderr
        assert path.read_text() == "kept"
