import { commands, l10n, window } from "vscode";
import { log } from "./logging";
import { serverCommands, type SpanAnswer, type SpanQuery } from "./protocol";
import { ask } from "./request";
import type { Server } from "./server";
import type { StatusItems } from "./statusItems";

export function showLog(): void {
  log().show();
}

/** What a click on the status bar item offers; what is wrong, if anything, stands above. */
export async function showMenu(status: StatusItems, server: Server): Promise<void> {
  const { current } = status;
  const choice = await window.showQuickPick(
    [
      { label: l10n.t("$(list-tree) Risky Lines"), command: "linewise.riskyLines.focus" },
      { label: l10n.t("$(flame) Toggle Heat Map"), command: "linewise.toggleHeatMap" },
      { label: l10n.t("$(graph) Workspace Rationale Report"), command: "linewise.report" },
      server.isScanPaused
        ? { label: l10n.t("$(debug-start) Resume Scan"), command: "linewise.resumeScan" }
        : { label: l10n.t("$(debug-pause) Pause Scan"), command: "linewise.pauseScan" },
      { label: l10n.t("$(server) Select Model"), command: "linewise.selectModel" },
      {
        label: l10n.t("$(gear) Open Settings"),
        command: "workbench.action.openSettings",
        args: "@ext:linewise.linewise",
      },
      { label: l10n.t("$(book) Open Walkthrough"), command: "linewise.openWalkthrough" },
      { label: l10n.t("$(output) Show Log"), command: "linewise.showLog" },
      { label: l10n.t("$(debug-restart) Restart Server"), command: "linewise.restart" },
    ],
    { title: "Linewise", placeHolder: current.message || current.kind },
  );
  if (choice) {
    await commands.executeCommand(choice.command, choice.args);
  }
}

/** Ask about the selection, or about the line of the cursor when nothing is selected. */
export async function querySelection(server: Server): Promise<void> {
  const editor = window.activeTextEditor;
  const convert = server.running?.code2ProtocolConverter;
  if (!editor || !convert) {
    return;
  }
  const { document, selection } = editor;
  const range = selection.isEmpty ? document.lineAt(selection.active.line).range : selection;
  const query: SpanQuery = {
    uri: convert.asUri(document.uri),
    range: convert.asRange(range),
  };
  const answer = await ask<SpanAnswer>(
    server,
    l10n.t("scoring the selection"),
    serverCommands.querySpan,
    query,
  );
  if (answer) {
    void window.showInformationMessage(spanText(answer));
  }
}

/** The server's message, which knows what may be claimed, and what it was said about. */
export function spanText({ message, tokens, lines }: SpanAnswer): string {
  const [first, last] = [lines.at(0), lines.at(-1)].map((line) => (line ?? 0) + 1);
  return first === last
    ? l10n.t("{0}: {1} tokens in line {2}", message, tokens, first ?? 1)
    : l10n.t("{0}: {1} tokens in lines {2}–{3}", message, tokens, first ?? 1, last ?? 1);
}

/** Forget what edits taught, after a question: it cannot be taken back. */
export async function resetFeedback(server: Server): Promise<void> {
  const forget = l10n.t("Forget");
  const pressed = await window.showWarningMessage(
    l10n.t("Forget what your edits taught Linewise about the open repositories?"),
    { modal: true },
    forget,
  );
  if (pressed === forget) {
    await ask(server, l10n.t("forgetting what edits taught"), serverCommands.resetFeedback);
  }
}
