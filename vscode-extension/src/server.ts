import { join } from "node:path";
import { mkdir } from "node:fs/promises";
import { commands, ProgressLocation, window, type ExtensionContext } from "vscode";
import { State, type LanguageClient } from "vscode-languageclient/node";
import { createClient } from "./client";
import { Environment, findBundle } from "./environment";
import { candidates, checkConfigured, firstRecent, type Ask } from "./interpreter";
import { log } from "./logging";
import { Problem } from "./problem";
import { run } from "./process";
import { selectedInterpreter } from "./pythonExtension";
import { configuredInterpreter, type Command } from "./settings";
import type { StatusItems } from "./statusItems";

const CONSENT = "linewise.mayCreateEnvironment";
const PATIENCE_MS = 30_000;

/** The language server of this window: finds its Python, starts and stops it. */
export class Server {
  private client: LanguageClient | undefined;
  /** Outside any workspace, so nothing of a workspace is found by lying in the current folder. */
  private readonly storage: string;

  constructor(
    private readonly context: ExtensionContext,
    private readonly status: StatusItems,
  ) {
    this.storage = context.globalStorageUri.fsPath;
  }

  get running(): LanguageClient | undefined {
    return this.client?.isRunning() ? this.client : undefined;
  }

  /** Start, or stop and start again. Returns what went wrong, after showing it in the status. */
  async restart(): Promise<Problem | undefined> {
    this.status.set({ kind: "loading", message: "Starting the server" });
    await this.stop();
    try {
      await mkdir(this.storage, { recursive: true });
      const python = await this.findPython();
      log().info(`Starting the server with ${python.join(" ")}`);
      this.client = createClient(python, this.storage, this.status);
      this.watch(this.client);
      await this.client.start();
      return undefined;
    } catch (error) {
      log().error(String(error));
      const problem =
        error instanceof Problem
          ? error
          : new Problem("The Linewise server did not start: its log says why.", ["showLog"]);
      this.status.set({ kind: "failed", message: problem.message });
      return problem;
    }
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    setRunning(false);
    if (client?.needsStop()) {
      await client.dispose().catch((error) => log().warn("The server did not stop:", error));
    }
  }

  allowEnvironment(): Thenable<void> {
    return this.context.globalState.update(CONSENT, true);
  }

  private watch(client: LanguageClient): void {
    client.onDidChangeState(({ newState }) => {
      // One that is no longer ours is being stopped on purpose.
      if (client !== this.client) {
        return;
      }
      setRunning(newState === State.Running);
      if (newState === State.Starting) {
        this.status.set({ kind: "loading", message: "Starting the server" });
      } else if (newState !== State.Running) {
        this.status.set({ kind: "failed", message: "The server stopped: its log says why" });
      }
    });
  }

  private async findPython(): Promise<Command> {
    const ask: Ask = (command, args) =>
      run(command, args, { cwd: this.storage, signal: AbortSignal.timeout(PATIENCE_MS) });
    const configured = configuredInterpreter();
    return configured ? checkConfigured(configured, ask) : this.ownEnvironment(ask);
  }

  private async ownEnvironment(ask: Ask): Promise<Command> {
    const bundle = await findBundle(join(this.context.extensionPath, "bundled"));
    if (!bundle) {
      throw new Problem(
        "This build of the extension brings no server. Name a Python that has the package linewise " +
          "in the setting linewise.interpreter.",
        ["openInterpreterSetting"],
      );
    }
    const environment = new Environment(join(this.storage, "environments"), bundle);
    if (!(await environment.isReady())) {
      // Not awaited here: a question nobody answers must not hold up a restart.
      if (!this.context.globalState.get<boolean>(CONSENT)) {
        throw new Problem(
          "Linewise needs a Python environment of its own. May it make one now? Its packages are " +
            `downloaded by pip into ${environment.folder}.`,
          ["createEnvironment", "openInterpreterSetting"],
          "question",
        );
      }
      const base = await firstRecent(
        candidates(await selectedInterpreter(), process.platform),
        ask,
      );
      await this.makeEnvironment(environment, base);
    }
    return environment.python;
  }

  private makeEnvironment(environment: Environment, base: Command): Thenable<void> {
    const title = "Linewise: making its Python environment";
    this.status.set({ kind: "loading", message: title });
    return window.withProgress(
      { location: ProgressLocation.Notification, title, cancellable: true },
      async (progress, token) => {
        const stop = new AbortController();
        token.onCancellationRequested(() => stop.abort());
        try {
          await environment.make(base, (command, args) =>
            run(command, args, {
              cwd: this.storage,
              signal: stop.signal,
              onLine: (line) => {
                log().info(line);
                progress.report({ message: line.trim().slice(0, 80) });
              },
            }),
          );
        } catch (error) {
          throw new Problem(
            stop.signal.aborted
              ? "The Python environment is not complete, because making it was cancelled."
              : `The Python environment could not be made: ${String(error)}`,
            ["createEnvironment", "showLog"],
          );
        }
      },
    );
  }
}

/** For the `enablement` of the commands that need an answer of the server. */
function setRunning(running: boolean): void {
  void commands.executeCommand("setContext", "linewise.running", running);
}
