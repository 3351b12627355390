import { mkdir } from "node:fs/promises";
import { commands, type ExtensionContext } from "vscode";
import { State, type LanguageClient } from "vscode-languageclient/node";
import { createClient } from "./client";
import { LINEWISE } from "./interpreter";
import { log } from "./logging";
import { offerModelInUse } from "./models";
import { Problem } from "./problem";
import { run, type RunOptions } from "./process";
import { fileSummaryNotification, statusNotification } from "./protocol";
import type { Command } from "./settings";
import { Setup } from "./setup";
import { stateOf } from "./status";
import type { StatusItems } from "./statusItems";

/** The language server of this window: started, watched and stopped. */
export class Server {
  private client: LanguageClient | undefined;
  private linewise: Command | undefined;
  /** Models that were offered: the server tries again at every document, the user is asked once. */
  private readonly offered = new Set<string>();
  /** Outside any workspace, so nothing of a workspace is found by lying in the current folder. */
  private readonly storage: string;

  readonly setup: Setup;

  constructor(
    context: ExtensionContext,
    private readonly status: StatusItems,
  ) {
    this.storage = context.globalStorageUri.fsPath;
    this.setup = new Setup(context, this.storage);
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
      this.linewise = [...(await this.setup.findPython()), ...LINEWISE];
      const command: Command = [...this.linewise, "serve", "--stdio"];
      log().info(`Starting the server: ${command.join(" ")}`);
      this.client = createClient(command, this.storage);
      this.watch(this.client);
      await this.client.start();
      return undefined;
    } catch (error) {
      log().error(String(error));
      const problem =
        error instanceof Problem
          ? error
          : new Problem("The Linewise server did not start: its log says why.", ["showLog"]);
      const kind = problem.severity === "question" ? "waiting" : "failed";
      this.status.set({ kind, message: problem.message });
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

  /** Run another command of the package that the server comes from. */
  async runLinewise(args: readonly string[], options: Omit<RunOptions, "cwd">): Promise<string> {
    if (!this.linewise) {
      throw new Error("there is no Python with the package linewise yet");
    }
    return run(this.linewise, args, { ...options, cwd: this.storage });
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
    client.onNotification(statusNotification, (params) => {
      this.status.set(stateOf(params));
      if (params.state === "failed" && !this.offered.has(params.model)) {
        this.offered.add(params.model);
        void offerModelInUse(this);
      }
    });
    client.onNotification(fileSummaryNotification, (summary) =>
      this.status.summarize(client.protocol2CodeConverter.asUri(summary.uri), summary),
    );
  }
}

/** For the `enablement` of the commands that need an answer of the server. */
function setRunning(running: boolean): void {
  void commands.executeCommand("setContext", "linewise.running", running);
}
