import { createInterface } from "node:readline";
import { LanguageClient, RevealOutputChannelOn, State } from "vscode-languageclient/node";
import { CrashPolicy } from "./crashes";
import { log } from "./logging";
import type { Command } from "./settings";

export const documentSelector = [
  { language: "python", scheme: "file" },
  { language: "python", scheme: "untitled" },
];

/** The library's own message about a failed start is left out: a message with remedies is shown for it. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown, show?: boolean | "force"): void {
    super.error(message, data, this.state === State.StartFailed ? false : show);
  }
}

export function createClient(server: Command, cwd: string): LanguageClient {
  const [command, ...args] = server;
  const crashes = new CrashPolicy();
  const client = new QuietClient(
    "linewise",
    "Linewise",
    { command, args, options: { cwd } },
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
  return client;
}
