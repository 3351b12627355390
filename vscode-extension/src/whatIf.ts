import { l10n, Range, window, workspace, type QuickPickItem, type TextDocument } from "vscode";
import { serverCommands, type LineProbability, type WhatIfAnswer } from "./protocol";
import { ask } from "./request";
import type { Server } from "./server";
import type { Target } from "./target";
import { probability } from "./wording";

/** A line whose probability would change: where it is now, and both values. */
export interface Shift {
  readonly line: number;
  readonly before: number;
  readonly after: number;
}

/** Ask what would become of the other lines of a unit if one were removed or replaced, and show it. */
export async function whatIf(server: Server, { uri, line }: Target): Promise<void> {
  const document = await workspace.openTextDocument(uri);
  if (line >= document.lineCount) {
    return;
  }
  const replacement = await askReplacement(document.lineAt(line).text, line);
  if (replacement === undefined) {
    return;
  }
  const answer = await ask<WhatIfAnswer>(
    server,
    l10n.t("scoring the changed code"),
    serverCommands.whatIf,
    { uri: server.address(uri), line, replacement },
  );
  if (answer) {
    await showShifts(document, answer, shifts(answer, line, replacement));
  }
}

/** The new text of the line, `null` if it is to be removed, `undefined` if the user thought better of it. */
async function askReplacement(text: string, line: number): Promise<string | null | undefined> {
  const remove = { label: l10n.t("$(trash) Remove the line"), removes: true };
  const replace = { label: l10n.t("$(edit) Replace the line…"), removes: false };
  const choice = await window.showQuickPick([remove, replace], {
    title: l10n.t("Linewise: What if line {0} were changed?", line + 1),
    placeHolder: l10n.t("Your file stays as it is"),
  });
  if (choice?.removes) {
    return null;
  }
  return choice && (await window.showInputBox({ value: text, prompt: l10n.t("The new line") }));
}

/** Pair the values of each line, the largest change first. Lines below a removed one move up by one. */
export function shifts(
  { before, after }: Pick<WhatIfAnswer, "before" | "after">,
  line: number,
  replacement: string | null,
): Shift[] {
  const removed = replacement === null;
  const now = new Map(before.map((each) => [each.line, each.probability]));
  const old = ({ line: place }: LineProbability) => (removed && place >= line ? place + 1 : place);
  return after
    .flatMap((each) => {
      const previous = now.get(old(each));
      return previous === undefined
        ? []
        : [{ line: old(each), before: previous, after: each.probability }];
    })
    .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before));
}

async function showShifts(
  document: TextDocument,
  { message }: WhatIfAnswer,
  found: readonly Shift[],
): Promise<void> {
  const items = found
    .filter(({ line }) => line < document.lineCount)
    .map((shift): QuickPickItem & { readonly line: number } => ({
      label: `${probability(shift.before)} → ${probability(shift.after)}`,
      description: l10n.t("line {0}", shift.line + 1),
      detail: document.lineAt(shift.line).text.trim(),
      line: shift.line,
    }));
  const choice = await window.showQuickPick(items, { title: message, matchOnDetail: true });
  if (choice) {
    const { range } = document.lineAt(choice.line);
    await window.showTextDocument(document, { selection: new Range(range.start, range.start) });
  }
}
