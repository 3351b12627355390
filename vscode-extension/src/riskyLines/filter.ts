import { l10n, type Memento } from "vscode";
import type { RiskyLine } from "../protocol";
import { bandName } from "../wording";

/** What the tree can show or leave out. */
export type Part = "high" | "medium" | "reviewed";

export const PARTS: readonly Part[] = ["high", "medium", "reviewed"];

const KEY = "linewise.riskyLines.shown";

/** The parts that are shown; all of them unless somebody chose. */
export function shownParts(memory: Memento): readonly Part[] {
  const kept = memory.get<readonly unknown[]>(KEY, PARTS);
  return PARTS.filter((part) => kept.includes(part));
}

/** Choosing nothing is choosing everything: an empty tree helps nobody. */
export function keepParts(memory: Memento, parts: readonly Part[]): Thenable<void> {
  return memory.update(KEY, parts.length > 0 ? parts : PARTS);
}

export function passes({ band, reviewed }: RiskyLine, shown: readonly Part[]): boolean {
  return band !== "low" && shown.includes(band) && (!reviewed || shown.includes("reviewed"));
}

export function partName(part: Part): string {
  return part === "reviewed" ? l10n.t("reviewed") : bandName(part);
}

/** What stands beside the view's title: nothing while nothing is left out. */
export function described(shown: readonly Part[]): string {
  return shown.length === PARTS.length ? "" : shown.map(partName).join(", ");
}
