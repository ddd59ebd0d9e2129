import numpy as np

from potrun.simulate import electrons

N, T, K = np.array([2e6]), np.array([20.0]), np.array([4.0])


def test_density_and_temperature_are_the_moments():
    speed = np.geomspace(1e3, 3e9, 200_000)
    energy = 0.5 * electrons.ELECTRON_KG * speed**2 / electrons.CHARGE_C
    f = electrons.phase_space_density(energy[None], N, T, K)[0]
    density = np.trapezoid(4.0 * np.pi * f * speed**3, np.log(speed))
    mean = np.trapezoid(4.0 * np.pi * f * energy * speed**3, np.log(speed)) / density
    np.testing.assert_allclose(density, N[0], rtol=1e-6)
    np.testing.assert_allclose(mean, 1.5 * T[0], rtol=1e-4)


def test_flux_over_energy_is_conserved_across_the_spacecraft_potential():
    far = np.array([[50.0, 100.0, 1000.0]])
    zero = electrons.incident_flux(far, N, T, K, np.array([0.0]), False)
    for usc in (-30.0, 12.0):
        near = electrons.incident_flux(far + usc, N, T, K, np.array([usc]), False)
        np.testing.assert_allclose(near / (far + usc), zero / far, rtol=1e-12)


def test_photoelectrons_lie_below_a_positive_potential_only():
    energy = np.array([[7.0, 11.9, 12.1, 40.0]])
    flux = electrons.incident_flux(energy, N, T, K, np.array([12.0]), False)
    current = electrons.PHOTO_CURRENT_A_M2
    photo = sum(j / w * np.exp(-energy / w) for j, w in current) / (np.pi * electrons.CHARGE_C) * 1e-4
    np.testing.assert_allclose(flux[:, :2], photo[:, :2])
    assert (np.abs(flux[:, 2:] / photo[:, 2:] - 1.0) > 0.1).all()


def test_response_of_a_power_law_has_its_closed_form():
    energy = np.array([[5e3, 1e4]])
    cold = (np.array([1e6]), np.array([1e-3]), np.array([3.0]))
    narrow = electrons.incident_flux(energy, *cold, np.array([0.0]), False)
    broad = electrons.incident_flux(energy, *cold, np.array([0.0]), True)
    np.testing.assert_allclose(broad / narrow, np.exp(0.5 * (3.0 * electrons.RESPONSE_SIGMA) ** 2), rtol=1e-4)


def test_cone_edge_and_beam_follow_their_formulas():
    energy = np.full((1, 1), 300.0)
    pitch = np.arange(0.0, 181.0)[None, None]
    u, r, a, usc = (np.array([v]) for v in (-200.0, 0.8, 2.0, 10.0))
    cone = np.degrees(np.arcsin(np.sqrt(0.8 * (1.0 - 200.0 / 290.0))))
    plain = electrons.angular_factor(energy, pitch, u, r, 0.0 * a, usc, 0.05)[0, 0]
    np.testing.assert_array_equal(plain, np.where(pitch[0, 0] <= 180.0 - cone, 1.0, 0.05))
    beam = electrons.angular_factor(np.full((1, 1), 210.0), pitch, u, r, a, usc, 0.05)[0, 0, -1]
    inside = np.sin(np.radians(180.0 - 180.0)) ** 2 <= 0.8 * (1.0 - 200.0 / 200.0)
    assert beam == 2.0 + (1.0 if inside else 0.05)


def test_rows_below_the_spacecraft_potential_have_neither_cone_nor_beam():
    factor = electrons.angular_factor(
        np.full((1, 1), 9.0),
        np.array([[[10.0, 170.0, np.nan]]]),
        *(np.array([v]) for v in (-50.0, 1.0, 3.0, 10.0)),
        0.05,
    )
    np.testing.assert_array_equal(factor, 1.0)
