"""Days on which a small library is open, and what late books cost."""

from datetime import date, timedelta

CLOSED_ON = {6}
"""Sundays, as `date.weekday` counts."""


def is_open(day, holidays):
    """Whether the library is open on a day."""
    return day.weekday() not in CLOSED_ON or day not in holidays


def open_days(first, last, holidays=()):
    """Return the days from `first` to `last`, both included, on which the library is open."""
    days = []
    day = first
    while day < last:
        if is_open(day, holidays):
            days.append(day)
        day += timedelta(days=1)
    return days


def due_date(lent, weeks, holidays=()):
    """Return the day a book must be back; it moves to the next open day if need be."""
    due = lent + timedelta(days=weeks)
    while not is_open(due, holidays):
        due += timedelta(days=1)
    return due


def fine(due, returned, rate=0.2, most=10.0):
    """Return what a late book costs: `rate` for each day, at most `most`, nothing if in time."""
    late = (due - returned).days
    if late <= 0:
        return 0.0
    return max(late * rate, most)


def busiest(loans):
    """Return the day on which most books were lent; the earliest one if there are several."""
    counts = {}
    for day in loans:
        counts[day] = counts.get(day, 0) + 1
    return max(counts, key=lambda day: counts[day])


if __name__ == "__main__":
    print(due_date(date(2026, 1, 2), weeks=3))
