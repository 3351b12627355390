import { l10n, window, type Uri } from "vscode";
import { serverCommands, type LineQuery } from "./protocol";
import { ask } from "./request";
import type { Server } from "./server";
import type { Target } from "./target";

/** Say that a line was looked at, or take that back. The server sends new scores, and everything follows. */
export async function markReviewed(
  server: Server,
  { uri, line }: Target,
  reviewed: boolean,
): Promise<void> {
  const argument = { uri: server.address(uri), line, reviewed };
  await ask<null>(server, l10n.t("marking the line"), serverCommands.markReviewed, argument);
}

export async function acceptFile(server: Server, uri: Uri): Promise<void> {
  const answer = await ask<{ readonly accepted: number }>(
    server,
    l10n.t("accepting the file"),
    serverCommands.acceptFile,
    { uri: server.address(uri) },
  );
  if (answer) {
    const { accepted } = answer;
    window.setStatusBarMessage(
      accepted === 1
        ? l10n.t("Linewise: 1 line marked as reviewed")
        : l10n.t("Linewise: {0} lines marked as reviewed", accepted),
      5000,
    );
  }
}

/** A finding that helped nobody: the probabilities of the repository shift, within bounds. */
export async function notUseful(server: Server, { uri, line }: Target): Promise<void> {
  const argument: LineQuery = { uri: server.address(uri), line };
  await ask<null>(
    server,
    l10n.t("noting that this was not useful"),
    serverCommands.notUseful,
    argument,
  );
}
