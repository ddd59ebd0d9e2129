"""Sun, Earth and the Moon's axes by ERFA and the IAU's report, which potrun does not use for them."""

import erfa
import numpy as np

AU_KM = 149_597_870.7
J2000 = 2451545.0


def sun_and_earth_km(days):
    """Sun and Earth from the Moon in the ICRS, (N, 3) km each; days of TDB since J2000."""
    moon = erfa.moon98(J2000, days)["p"]
    earth = erfa.epv00(J2000, days)[0]["p"]
    return (-earth - moon) * AU_KM, -moon * AU_KM


def moon_frame(days):
    """Rotation from the ICRS to the Moon's body-fixed axes by the mean terms and series of the IAU report.

    Archinal et al. 2011, doi:10.1007/s10569-010-9320-4, written down here from the report alone.
    """
    d, t = days, days / 36525.0
    e = np.radians(
        np.array([
            125.045 - 0.0529921 * d, 250.089 - 0.1059842 * d, 260.008 + 13.0120009 * d, 176.625 + 13.3407154 * d,
            357.529 + 0.9856003 * d, 311.589 + 26.4057084 * d, 134.963 + 13.0649930 * d, 276.617 + 0.3287146 * d,
            34.226 + 1.7484877 * d, 15.134 - 0.1589763 * d, 119.743 + 0.0036096 * d, 239.961 + 0.1643573 * d,
            25.053 + 12.9590088 * d,
        ])
    )  # fmt: skip
    s, c = np.sin(e), np.cos(e)
    ra = 269.9949 + 0.0031 * t - 3.8787 * s[0] - 0.1204 * s[1] + 0.0700 * s[2] - 0.0172 * s[3]
    ra += 0.0072 * s[5] - 0.0052 * s[9] + 0.0043 * s[12]
    dec = 66.5392 + 0.0130 * t + 1.5419 * c[0] + 0.0239 * c[1] - 0.0278 * c[2] + 0.0068 * c[3]
    dec += -0.0029 * c[5] + 0.0009 * c[6] + 0.0008 * c[9] - 0.0009 * c[12]
    w = 38.3213 + 13.17635815 * d - 1.4e-12 * d**2 + 3.5610 * s[0] + 0.1208 * s[1] - 0.0642 * s[2] + 0.0158 * s[3]
    w += 0.0252 * s[4] - 0.0066 * s[5] - 0.0047 * s[6] - 0.0046 * s[7] + 0.0028 * s[8] + 0.0052 * s[9]
    w += 0.0040 * s[10] + 0.0019 * s[11] - 0.0044 * s[12]
    turn = erfa.rz(np.radians(90 + ra), np.broadcast_to(np.eye(3), (len(days), 3, 3)))
    return erfa.rz(np.radians(w), erfa.rx(np.radians(90 - dec), turn))
