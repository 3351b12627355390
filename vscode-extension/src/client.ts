import { createInterface } from "node:readline";
import { LanguageClient, RevealOutputChannelOn, State } from "vscode-languageclient/node";
import { CrashPolicy } from "./crashes";
import { documentSelector } from "./documents";
import { log } from "./logging";
import type { Problem } from "./problem";
import type { Command } from "./settings";

/** What this client does for the server's code actions, with an address and a line as arguments. */
export const clientCommands = [
  "linewise.showExplanation",
  "linewise.copyMarkdown",
  "linewise.whatIf",
] as const;

/** The library's own message about a failed start is left out: a message with remedies is shown for it. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown, show?: boolean | "force"): void {
    super.error(message, data, this.state === State.StartFailed ? false : show);
  }
}

/** Hears what becomes of a client's server. */
export interface Watcher {
  changed(client: LanguageClient, state: "starting" | "running" | "stopped"): void;
  /** It keeps crashing, and is not started again by itself. */
  crashed(problem: Problem): void;
}

export function createClient(server: Command, cwd: string, watcher: Watcher): LanguageClient {
  const [command, ...args] = server;
  const crashes = new CrashPolicy((problem) => watcher.crashed(problem));
  const client = new QuietClient(
    "linewise",
    "Linewise",
    { command, args, options: { cwd } },
    {
      documentSelector,
      outputChannel: log(),
      initializationOptions: { lineScores: true, diagnosticsInHovers: true, clientCommands },
      // A hover may link to these, and to nothing else.
      markdown: { isTrusted: { enabledCommands: clientCommands } },
      // What fails is said once: by the status, or by whoever asked for it.
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      errorHandler: crashes,
      // Said in full, because the defaults differ between versions of the library. A tab that was
      // never shown has no document in the server, so there is nothing to pull for.
      diagnosticPullOptions: { onChange: true, onSave: true, onFocus: false, onTabs: false },
      // A cancellable progress would be a message in the way; the scan is paused by a command.
      middleware: {
        handleWorkDoneProgress: (token, params, next) =>
          next(token, params.kind === "begin" ? { ...params, cancellable: false } : params),
      },
      // The server's log has levels of its own in each line.
      stdioOptions: {
        stdout: () => undefined,
        stderr: (input) => createInterface({ input }).on("line", (line) => log().appendLine(line)),
      },
    },
  );
  client.onDidChangeState(({ newState }) => {
    switch (newState) {
      case State.Starting:
        return watcher.changed(client, "starting");
      case State.Running:
        crashes.ran();
        return watcher.changed(client, "running");
      case State.Stopped:
      case State.StartFailed:
        return watcher.changed(client, "stopped");
    }
  });
  return client;
}
