"""Names in the public archive: which file holds which day.

Local copies keep the remote layout, ``<root>/{year}/{folder}/3Dyymmdd.TAB``, where the folder is named after the days
of the year it spans and its month.
"""

import datetime as dt
import re

FIRST_DAY = dt.date(1998, 1, 16)
"""First day of the mission with a table."""

LAST_DAY = dt.date(1999, 7, 29)
"""Last day of the mission with a table."""

THETA_NAME = "theta.tab"
SOLID_ANGLES_NAME = "solid_angles.tab"
"""Solid angles of the cells (sr), in the order of theta.tab; other programs want them, potrun knows them."""

ATTITUDE_NAME = "attitude.tab"
KERNEL_FOLDER = "spice_kernels"
KERNEL_SUFFIXES = (".bsp", ".tpc", ".tls", ".tpc.pc", ".tls.pc")
ORIGIN_NAME = "ORIGIN"
"""File in an archive's root whose text says where its content is from, if that is not the spacecraft."""

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_TABLE_NAME = re.compile(r"3D(\d{2})(\d{2})(\d{2})\.TAB", re.IGNORECASE)


def folder_name(date: dt.date) -> str:
    """Name the folder of a day's month.

    Parameters
    ----------
    date : datetime.date
        Any day of the month.

    Returns
    -------
    str
        First and last day of the year in the month, then the month, such as ``213_243AUG``.
    """
    first = date.replace(day=1)
    following = (first + dt.timedelta(days=32)).replace(day=1)
    last = following - dt.timedelta(days=1)
    return f"{first.timetuple().tm_yday:03d}_{last.timetuple().tm_yday:03d}{_MONTHS[date.month - 1]}"


def table_name(date: dt.date) -> str:
    """Name the table of a day, such as ``3D980820.TAB``."""
    return f"3D{date:%y%m%d}.TAB"


def relative_table_path(date: dt.date) -> str:
    """Path of a day's table below the archive's root, with forward slashes."""
    return f"{date.year}/{folder_name(date)}/{table_name(date)}"


def date_of_name(name: str) -> dt.date | None:
    """Read the day out of a table's file name.

    Parameters
    ----------
    name : str
        File name without folders; upper or lower case.

    Returns
    -------
    datetime.date or None
        None if the name is not that of a day's table.
    """
    match = _TABLE_NAME.fullmatch(name)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups())
    try:
        return dt.date(1900 + year, month, day)
    except ValueError:
        return None
