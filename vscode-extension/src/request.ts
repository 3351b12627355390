import { l10n, ProgressLocation, window, type CancellationToken } from "vscode";
import { offers } from "./offers";
import type { ServerCommand } from "./protocol";
import { reasonOf } from "./reason";
import type { Server } from "./server";

const EXECUTE = "workspace/executeCommand";

/** Why the server cannot be asked, in words for the user. */
class NotOfferedError extends Error {}

/** Run a command of the server. Rejects with a message for the user. */
export async function execute<Result>(
  server: Server,
  command: ServerCommand,
  argument?: object,
  token?: CancellationToken,
): Promise<Result> {
  const client = server.running;
  if (!client) {
    throw new NotOfferedError(l10n.t("the server is not running"));
  }
  if (!offers(client, command)) {
    throw new NotOfferedError(
      l10n.t("the installed server is older than this extension and cannot do that; update it"),
    );
  }
  const params = { command, arguments: argument === undefined ? [] : [argument] };
  // A token that is undefined would be sent as a second parameter.
  return client.sendRequest<Result>(EXECUTE, params, ...(token ? [token] : []));
}

/** As `execute`, while the status bar says `title`. What goes wrong is said; the result is then undefined. */
export async function ask<Result>(
  server: Server,
  title: string,
  command: ServerCommand,
  argument?: object,
): Promise<Result | undefined> {
  try {
    return await window.withProgress(
      { location: ProgressLocation.Window, title: l10n.t("Linewise: {0}", title) },
      () => execute<Result>(server, command, argument),
    );
  } catch (error) {
    void window.showErrorMessage(l10n.t("Linewise: {0} failed: {1}", title, reasonOf(error)));
    return undefined;
  }
}
