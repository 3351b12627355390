/** How strongly something is tinted: 0 is not at all, 5 the most. */
export type Heat = 0 | 1 | 2 | 3 | 4 | 5;

const LEVELS = 5;

/** The heat of a weight beside the largest absolute weight there is. */
export function heatOf(weight: number, largest: number): Heat {
  if (largest <= 0 || !Number.isFinite(weight)) {
    return 0;
  }
  return Math.min(LEVELS, Math.round((LEVELS * Math.abs(weight)) / largest)) as Heat;
}
