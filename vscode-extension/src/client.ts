import { createInterface } from "node:readline";
import { LanguageClient, RevealOutputChannelOn, State } from "vscode-languageclient/node";
import { CrashPolicy } from "./crashes";
import { log } from "./logging";
import { fileSummaryNotification, statusNotification } from "./protocol";
import type { Command } from "./settings";
import { stateOf } from "./status";
import type { StatusItems } from "./statusItems";

export const documentSelector = [
  { language: "python", scheme: "file" },
  { language: "python", scheme: "untitled" },
];

/** -I: nothing of the workspace can be imported. It also ignores PYTHONUTF8, so that is said by -X. */
const SERVE = ["-I", "-X", "utf8", "-m", "linewise", "serve", "--stdio"];

/** The library's own message about a failed start is left out: a message with remedies is shown for it. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown, show?: boolean | "force"): void {
    super.error(message, data, this.state === State.StartFailed ? false : show);
  }
}

export function createClient(python: Command, cwd: string, status: StatusItems): LanguageClient {
  const [command, ...args] = python;
  const crashes = new CrashPolicy();
  const client = new QuietClient(
    "linewise",
    "Linewise",
    { command, args: [...args, ...SERVE], options: { cwd } },
    {
      documentSelector,
      outputChannel: log(),
      // What fails is said once: by the status, or by whoever asked for it.
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      errorHandler: crashes,
      // Said in full, because the defaults differ between versions of the library. A tab that was
      // never shown has no document in the server, so there is nothing to pull for.
      diagnosticPullOptions: { onChange: true, onSave: true, onFocus: false, onTabs: false },
      // The server's log has levels of its own in each line.
      stdioOptions: {
        stdout: () => undefined,
        stderr: (input) => createInterface({ input }).on("line", (line) => log().appendLine(line)),
      },
    },
  );
  client.onDidChangeState(({ newState }) => {
    if (newState === State.Running) {
      crashes.ran();
    }
  });
  client.onNotification(statusNotification, (params) => status.set(stateOf(params)));
  client.onNotification(fileSummaryNotification, (summary) =>
    status.summarize(client.protocol2CodeConverter.asUri(summary.uri), summary),
  );
  return client;
}
