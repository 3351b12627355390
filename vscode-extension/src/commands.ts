import { commands, window } from "vscode";
import { log } from "./logging";
import { querySpan, type SpanAnswer, type SpanQuery } from "./protocol";
import { ask } from "./request";
import type { Server } from "./server";
import type { StatusItems } from "./statusItems";

export function showLog(): void {
  log().show();
}

/** What a click on the status bar item offers; what is wrong, if anything, stands above. */
export async function showMenu(status: StatusItems): Promise<void> {
  const { current } = status;
  const choice = await window.showQuickPick(
    [
      { label: "$(output) Show Log", command: "linewise.showLog" },
      { label: "$(debug-restart) Restart Server", command: "linewise.restart" },
      { label: "$(server) Select Model", command: "linewise.selectModel" },
      {
        label: "$(gear) Open Settings",
        command: "workbench.action.openSettings",
        args: "linewise",
      },
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
  const answer = await ask<SpanAnswer>(server, "scoring the selection", querySpan, query);
  if (answer) {
    void window.showInformationMessage(spanText(answer));
  }
}

/** The server's message, which knows what may be claimed, and what it was said about. */
export function spanText({ message, tokens, lines }: SpanAnswer): string {
  const [first, last] = [lines.at(0), lines.at(-1)].map((line) => (line ?? 0) + 1);
  const where = first === last ? `line ${first}` : `lines ${first}–${last}`;
  return `${message}: ${tokens} tokens in ${where}`;
}
