import { commands, workspace, type ExtensionContext } from "vscode";
import { documentSelector } from "./client";
import { querySelection, showLog, showMenu } from "./commands";
import { disposeLog } from "./logging";
import { selectModel } from "./models";
import { offerRemedies } from "./remedies";
import { coalesced } from "./restart";
import { Server } from "./server";
import { needsRestart } from "./settings";
import { StatusItems } from "./statusItems";

let server: Server | undefined;

export function activate(context: ExtensionContext): void {
  const status = new StatusItems(documentSelector);
  const current = (server = new Server(context, status));

  const restart = coalesced(async () => {
    const problem = await current.restart();
    if (problem) {
      void offerRemedies(problem, current);
    }
  });

  context.subscriptions.push(
    status,
    { dispose: disposeLog },
    commands.registerCommand("linewise.restart", restart),
    commands.registerCommand("linewise.showLog", showLog),
    commands.registerCommand("linewise.showMenu", () => showMenu(status)),
    commands.registerCommand("linewise.selectModel", () => selectModel(current)),
    commands.registerCommand("linewise.querySelection", () => querySelection(current)),
    workspace.onDidChangeConfiguration((event) => {
      if (needsRestart(event)) {
        void restart();
      }
    }),
  );

  // The first start is a restart: it fails in the same ways and says so in the same way. Not awaited:
  // making an environment takes minutes, and the commands are there meanwhile.
  void commands.executeCommand("linewise.restart");
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
