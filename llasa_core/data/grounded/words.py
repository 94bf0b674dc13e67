"""How facts are put into words: numbers with units and sensible rounding, axes, postures, activities."""

from __future__ import annotations

from llasa_core.data.grounded.measured import Claim, Measured, Said, rounded

CHANNEL_WORDS = {
    "acc_x": "acceleration on the x axis",
    "acc_y": "acceleration on the y axis",
    "acc_z": "acceleration on the z axis",
    "gyr_x": "angular rate about the x axis",
    "gyr_y": "angular rate about the y axis",
    "gyr_z": "angular rate about the z axis",
}
UNIT_OF = {"acc": "m/s²", "gyr": "rad/s"}
DIGITS_OF = {"acc": 2, "gyr": 3}
"""Decimals that a channel's statistics are written with."""
STEADY = 0.7
"""From this autocorrelation on a rhythm is called steady."""


def doing(activity: str) -> str:
    """Return the words after "the person is"; a label that is no verb, such as `bench press`, needs one."""
    if activity == "lying":
        return "lying down"  # alone, it could also be about the truth
    return activity if activity.split(" ", maxsplit=1)[0].endswith("ing") else f"doing {activity}"


def cadence(window: Measured) -> Said:
    """Return "about 114 steps a minute"."""
    value = int(rounded(window.cadence_spm, 0))
    return Said(f"about {value} steps a minute", (Claim("cadence_spm", value, "steps/min"),))


def frequency(window: Measured) -> Said:
    """Return "1.9 Hz"."""
    value = rounded(window.dominant_hz, 1)
    return Said(f"{value:.1f} Hz", (Claim("dominant_hz", value, "Hz"),))


def intensity(window: Measured) -> Said:
    """Return "190 mg"."""
    value = mg(window.intensity_mg)
    return Said(f"{value:g} mg", (Claim("intensity_mg", value, "mg"),))


def mg(value: float) -> float:
    """Return an intensity as it is written: whole mg, and a decimal below ten."""
    return rounded(value, 0 if value >= 10 else 1)  # noqa: PLR2004 - two digits


def rate(value_dps: float) -> float:
    """Return a turning rate as it is written: whole degrees a second, and a decimal below ten."""
    return rounded(value_dps, 0 if abs(value_dps) >= 10 else 1)  # noqa: PLR2004 - two digits


def posture(window: Measured) -> Said:
    """Return "the x axis pointing up", or "no axis upright"."""
    claim = (Claim("up_axis", window.up_axis),)
    if window.up_axis is None:
        return Said("the device tilted, no axis upright", claim)
    return Said(f"the device's {window.up_axis[1]} axis pointing {'up' if window.up_axis[0] == '+' else 'down'}", claim)


def rhythm(window: Measured) -> Said:
    """Return what the movement is like: its rhythm, or that there is none, or no movement."""
    if not window.is_moving:
        size = intensity(window)
        return Said(f"hardly any movement ({size.text})", (Claim("moving", value=False), *size.claims))
    if window.is_rhythmic:
        steady, beat = "steady " if window.periodicity >= STEADY else "", frequency(window)
        if not window.has_steps:
            text = f"a {steady}rhythm, strongest at {beat.text}"
            return Said(text, (Claim("moving", value=True), Claim("rhythmic", value=True), *beat.claims))
        steps = cadence(window)
        text = f"a {steady}rhythm of {steps.text}, strongest at {beat.text}"
        return Said(text, (Claim("moving", value=True), *steps.claims, *beat.claims))
    size = intensity(window)
    return Said(
        f"{window.intensity} movement without a steady rhythm ({size.text})",
        (
            Claim("moving", value=True),
            Claim("intensity", window.intensity),
            Claim("rhythmic", value=False),
            *size.claims,
        ),
    )
