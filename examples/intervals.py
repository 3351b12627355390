"""Sets of closed integer intervals: merge them, intersect them, find the gaps between them."""


def merge(intervals):
    """Join intervals that overlap or touch, such as (1, 3) and (4, 6); return them in order."""
    merged = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def intersect(first, second):
    """Return the numbers that both sets hold, as intervals in order."""
    result = []
    i = j = 0
    first, second = merge(first), merge(second)
    while i < len(first) and j < len(second):
        start = max(first[i][0], second[j][0])
        end = min(first[i][1], second[j][1])
        if start <= end:
            result.append((start, end))
        if first[i][1] < second[j][1]:
            i += 1
        else:
            j += 1
    return result


def gaps(intervals, low, high):
    """Return the intervals between `low` and `high` that nothing covers."""
    free = []
    position = low
    for start, end in merge(intervals):
        if start > position:
            free.append((position, start))
        position = end + 1
    if position <= high:
        free.append((position, high))
    return free


def covered(intervals):
    """Count the numbers that lie in at least one interval."""
    return sum(end - start for start, end in merge(intervals))
