import { env, l10n, window } from "vscode";
import { serverCommands, type LineQuery } from "./protocol";
import { ask } from "./request";
import type { Server } from "./server";
import type { Target } from "./target";

/** Put what is known about a line into the clipboard, for an issue or a review. */
export async function copyMarkdown(server: Server, { uri, line }: Target): Promise<void> {
  const query: LineQuery = { uri: server.address(uri), line };
  const answer = await ask<{ readonly markdown: string }>(
    server,
    l10n.t("copying the finding"),
    serverCommands.copyMarkdown,
    query,
  );
  if (answer) {
    await env.clipboard.writeText(answer.markdown);
    window.setStatusBarMessage(l10n.t("Linewise: copied as Markdown"), 5000);
  }
}
