import { l10n } from "vscode";
import type { Band } from "./protocol";

/** A share that somebody chose, such as a threshold. */
export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** A probability in whole percents, not rounded to impossible or certain: worded as the server does. */
export function probability(value: number): string {
  if (value < 0.01) {
    return "<1 %";
  }
  return value > 0.99 ? ">99 %" : percent(value);
}

export function bandName(band: Band): string {
  switch (band) {
    case "low":
      return l10n.t("low");
    case "medium":
      return l10n.t("medium");
    case "high":
      return l10n.t("high");
  }
}

/** Lines are shown as the editor numbers them. */
export function lineNumber(line: number): string {
  return l10n.t("line {0}", line + 1);
}
