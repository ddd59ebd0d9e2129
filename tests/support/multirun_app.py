"""Runs the stand-in job as the entry point runs the experiment."""

import os
import sys

import hydra
from tracked_job import job

from potrun.core.composition import conf_dir
from potrun.core.errors import ExitCode, PotrunError
from potrun.tracking.multirun import close_multirun

os.environ["HYDRA_FULL_ERROR"] = "1"
try:
    hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(job)()
except PotrunError as error:
    sys.exit(int(error.exit_code))
finally:
    missed = close_multirun()
if missed is not None:
    sys.stderr.write(f"{missed}\n")
    sys.exit(int(ExitCode.NO_DATA))
