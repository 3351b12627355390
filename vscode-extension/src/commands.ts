import { commands, ProgressLocation, window } from "vscode";
import { ExecuteCommandRequest, type LanguageClient } from "vscode-languageclient/node";
import { log } from "./logging";
import { listModels, querySpan, type ModelInfo, type SpanAnswer, type SpanQuery } from "./protocol";
import type { Server } from "./server";
import { writeModel } from "./settings";
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

export async function selectModel(server: Server): Promise<void> {
  const models = await ask<ModelInfo[]>(server, "asking for the models", listModels);
  const choice = await window.showQuickPick((models ?? []).map(modelItem), {
    title: "Linewise: Select Model",
    placeHolder: "The language model that reads the code",
    matchOnDescription: true,
  });
  if (choice) {
    await writeModel(choice.label);
  }
}

export function modelItem(model: ModelInfo) {
  const facts = [
    model.active && "in use",
    model.installed ? "installed" : "not installed",
    !model.probe && "no probe: nothing can be scored with it",
  ];
  return {
    label: model.name,
    description: facts.filter(Boolean).join(", "),
    detail: model.description,
  };
}

/** Ask about the selection, or about the line of the cursor when nothing is selected. */
export async function querySelection(server: Server): Promise<void> {
  const editor = window.activeTextEditor;
  if (!editor) {
    return;
  }
  const { document, selection } = editor;
  const range = selection.isEmpty ? document.lineAt(selection.active.line).range : selection;
  const answer = await ask<SpanAnswer>(server, "scoring the selection", querySpan, (client) => ({
    uri: client.code2ProtocolConverter.asUri(document.uri),
    range: client.code2ProtocolConverter.asRange(range),
  }));
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

/** Run a command of the server. What goes wrong is said to the user; the result is then undefined. */
async function ask<Result>(
  server: Server,
  title: string,
  command: string,
  query?: (client: LanguageClient) => SpanQuery,
): Promise<Result | undefined> {
  const client = server.running;
  if (!client) {
    void window.showWarningMessage("The Linewise server is not running.");
    return undefined;
  }
  try {
    return await window.withProgress(
      { location: ProgressLocation.Window, title: `Linewise: ${title}` },
      () =>
        client.sendRequest(ExecuteCommandRequest.type, {
          command,
          arguments: query ? [query(client)] : [],
        }) as Promise<Result>,
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    void window.showErrorMessage(`Linewise: ${title} failed: ${reason}`);
    return undefined;
  }
}
