import { l10n } from "vscode";
import { serverCommands } from "./protocol";
import { ask } from "./request";
import type { Server } from "./server";

/** Begin a scan of the open folders, whatever the settings say; whether it began. */
export async function scanWorkspace(server: Server): Promise<boolean> {
  const title = l10n.t("scanning the workspace");
  return (await ask<object>(server, title, serverCommands.scan)) !== undefined;
}

export async function pauseScan(server: Server): Promise<void> {
  await ask(server, l10n.t("pausing the scan"), serverCommands.pauseScan);
}

export async function resumeScan(server: Server): Promise<void> {
  await ask(server, l10n.t("resuming the scan"), serverCommands.resumeScan);
}
