"""How durations, ages, money, numbers and names are written: pure functions of their values."""

from __future__ import annotations

import math
from datetime import datetime

NOTHING = "–"
ELLIPSIS = "…"
HOURS_A_MONTH = 730  # as AWS's own price calculator counts


def duration(seconds: float | None) -> str:
    """Write a span of time with its two largest units: 41s, 1m32s, 2h05m, 3d04h."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h{minutes:02d}m"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours:02d}h"


def age(seconds: float | None) -> str:
    """Write how old something is, no more exactly than one asks: 2s, 12m, 1h03m, 2d04h. What lies ahead is 0s old."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    whole = max(0, int(seconds))
    return f"{whole // 60}m" if 60 <= whole < 3600 else duration(whole)


def hourly_cost(usd: float | None) -> str:
    """Write a price per hour; an unknown one is said to be unknown."""
    return "unknown $/h" if usd is None else f"{money(usd)}/h"


def monthly_cost(usd_an_hour: float | None) -> str:
    """Write what a price per hour comes to in a month of 730 hours."""
    return "unknown" if usd_an_hour is None else f"{money(usd_an_hour * HOURS_A_MONTH)} a month"


def money(usd: float) -> str:
    """Write US dollars: cents below a hundred, whole dollars above, and enough digits for less than a cent."""
    amount = abs(usd)
    sign = "-" if usd < 0 else ""
    if amount >= 100:
        return f"{sign}${amount:,.0f}"
    if amount == 0 or amount >= 0.01:
        return f"{sign}${amount:.2f}"
    return f"{sign}${amount:.2g}"


def number(value: float | None, digits: int = 6) -> str:
    """Write a number with so many significant digits, without an exponent where it stays short."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa}e{int(exponent)}"
    return text


def objective(value: float | None) -> str:
    """Write an objective value so that a column of them lines up: six significant digits, trailing zeros kept."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value != 0 and not 1e-4 <= abs(value) < 1e6:
        return number(value)
    whole_digits = max(1, math.floor(math.log10(abs(value))) + 1) if value else 1
    return f"{value:.{max(0, 6 - whole_digits)}f}"


def parameter(text: str, digits: int = 3) -> str:
    """Shorten a hyper-parameter, which AWS keeps as a string: numbers lose digits, words stay."""
    try:
        value = float(text)
    except ValueError:
        return text
    if not math.isfinite(value):
        return text
    if value.is_integer() and abs(value) < 1e6:
        return str(int(value))
    if 1e-4 <= abs(value) < 1e-3:
        return f"{value:.{digits + 2}f}".rstrip("0")
    if 0 < abs(value) < 1e-4:
        return number(value, max(1, digits - 1))
    return number(value, digits)


def count(value: int) -> str:
    """Write a whole number with its thousands apart."""
    return f"{value:,}"


def data_size(size: float | None) -> str:
    """Write an amount of bytes in decimal units, as S3 is billed."""
    if size is None:
        return NOTHING
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(amount) < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def moment(when: datetime | None) -> str:
    """Write a moment in UTC, to the second."""
    return NOTHING if when is None else when.strftime("%Y-%m-%d %H:%M:%SZ")


def time_of_day(when: datetime | None) -> str:
    """Write the time of day of a moment in UTC, to the second."""
    return NOTHING if when is None else when.strftime("%H:%M:%SZ")


def middle_elided(text: str, width: int) -> str:
    """Shorten to `width` characters by leaving out the middle: names differ at their ends.

    The end keeps the larger share: in `hyper-cmapss-2021-01-07-16-04-50-037-efc6d79a` it tells jobs apart.
    """
    if len(text) <= width:
        return text
    if width <= 1:
        return ELLIPSIS[:width]
    head = (width - 1) // 2
    return f"{text[:head]}{ELLIPSIS}{text[len(text) - (width - 1 - head) :]}"
