import { commands } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { serverCommands, type ServerCommand } from "./protocol";

/** Whether the server that runs has a command. An older one lacks some. */
export function offers(client: LanguageClient | undefined, command: ServerCommand): boolean {
  const known = client?.initializeResult?.capabilities.executeCommandProvider?.commands;
  return known?.includes(command) ?? false;
}

/** Set `linewise.offers.NAME` for each command, for the `enablement` of what needs it. */
export function publishOffers(client: LanguageClient | undefined): void {
  for (const [name, command] of Object.entries(serverCommands)) {
    void commands.executeCommand("setContext", `linewise.offers.${name}`, offers(client, command));
  }
}
