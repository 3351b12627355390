import type { Band, ScoredLine } from "./protocol";

/** From the least to the most risky. */
export const BANDS: readonly Band[] = ["low", "medium", "high"];

export function isAtLeast(band: Band, least: Band): boolean {
  return BANDS.indexOf(band) >= BANDS.indexOf(least);
}

/** Asks for attention: not low, and not dealt with yet. */
export function isRisky({ band, reviewed }: Pick<ScoredLine, "band" | "reviewed">): boolean {
  return !reviewed && isAtLeast(band, "medium");
}
