import { ProgressLocation, window } from "vscode";
import { ExecuteCommandRequest } from "vscode-languageclient/node";
import type { Server } from "./server";

/** Run a command of the server. What goes wrong is said to the user; the result is then undefined. */
export async function ask<Result>(
  server: Server,
  title: string,
  command: string,
  ...args: unknown[]
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
          arguments: args,
        }) as Promise<Result>,
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    void window.showErrorMessage(`Linewise: ${title} failed: ${reason}`);
    return undefined;
  }
}
