import { commands, l10n, Range, Selection, TextEditorRevealType, window } from "vscode";
import { isRisky } from "./bands";
import type { ScoredLine } from "./protocol";
import type { ScoredDocuments } from "./scoredDocuments";

export type Direction = "next" | "previous";

/** The next risky line seen from the line `from`; after the last comes the first. */
export function riskyLineFrom(
  lines: readonly ScoredLine[],
  from: number,
  direction: Direction,
): ScoredLine | undefined {
  const risky = lines.filter(isRisky).sort((a, b) => a.line - b.line);
  return direction === "next"
    ? (risky.find(({ line }) => line > from) ?? risky.at(0))
    : (risky.findLast(({ line }) => line < from) ?? risky.at(-1));
}

/** Put the cursor on a risky line and show what is known about it, where a screen reader finds it too. */
export async function goToRiskyLine(
  documents: ScoredDocuments,
  direction: Direction,
): Promise<void> {
  const editor = window.activeTextEditor;
  if (!editor) {
    return;
  }
  const scores = documents.get(editor.document.uri);
  const found = scores && riskyLineFrom(scores.lines, editor.selection.active.line, direction);
  if (!found) {
    const message = scores
      ? l10n.t("Linewise: no risky line in this file")
      : l10n.t("Linewise: this file is not scored");
    window.setStatusBarMessage(message, 5000);
    return;
  }
  const { firstNonWhitespaceCharacterIndex: column } = editor.document.lineAt(found.line);
  const place = new Range(found.line, column, found.line, column);
  editor.selection = new Selection(place.start, place.end);
  editor.revealRange(place, TextEditorRevealType.InCenterIfOutsideViewport);
  await commands.executeCommand("editor.action.showHover", { focus: "noAutoFocus" });
}
