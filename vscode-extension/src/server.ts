import { mkdir } from "node:fs/promises";
import { commands, EventEmitter, l10n, type ExtensionContext, type Uri } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { Watcher } from "./client";
import { LINEWISE } from "./interpreter";
import { log } from "./logging";
import { offerModelInUse } from "./models";
import { publishOffers } from "./offers";
import { Problem } from "./problem";
import { run, type RunOptions } from "./process";
import type { Notifications, ScanStatus, StatusParams } from "./protocol";
import { offerRemedies } from "./remedies";
import type { ScoredDocuments } from "./scoredDocuments";
import type { Command } from "./settings";
import { Setup } from "./setup";
import { stateOf } from "./status";
import type { StatusItems } from "./statusItems";

/** The language server of this window: started, watched and stopped. */
export class Server implements Watcher {
  private client: LanguageClient | undefined;
  private linewise: Command | undefined;
  /** Models that were offered: the server tries again at every document, the user is asked once. */
  private readonly offered = new Set<string>();
  /** Outside any workspace, so nothing of a workspace is found by lying in the current folder. */
  private readonly storage: string;

  readonly setup: Setup;
  private readonly scanned = new EventEmitter<void>();
  /** A scan of the workspace came to its end. */
  readonly onDidScan = this.scanned.event;
  private scan: ScanStatus | null = null;

  constructor(
    context: ExtensionContext,
    private readonly status: StatusItems,
    private readonly documents: ScoredDocuments,
  ) {
    this.storage = context.globalStorageUri.fsPath;
    this.setup = new Setup(context, this.storage);
  }

  get running(): LanguageClient | undefined {
    return this.client?.isRunning() ? this.client : undefined;
  }

  get isScanning(): boolean {
    return this.scan?.state === "scanning";
  }

  get isScanPaused(): boolean {
    return this.scan?.state === "paused";
  }

  /** A document's address as the server knows it. */
  address(uri: Uri): string {
    return this.client?.code2ProtocolConverter.asUri(uri) ?? uri.toString();
  }

  /** Start, or stop and start again. Returns what went wrong, after showing it in the status. */
  async restart(): Promise<Problem | undefined> {
    this.status.set({ kind: "loading", message: l10n.t("Starting the server") });
    await this.stop();
    try {
      await mkdir(this.storage, { recursive: true });
      this.linewise = [...(await this.setup.findPython()), ...LINEWISE];
      const command: Command = [...this.linewise, "serve", "--stdio"];
      log().info(`Starting the server: ${command.join(" ")}`);
      // Not with the extension: loading the library would be most of the time that activation takes.
      const { createClient } = await import("./client.js");
      this.client = createClient(command, this.storage, this);
      this.listen(this.client);
      await this.client.start();
      return undefined;
    } catch (error) {
      log().error(String(error));
      const problem =
        error instanceof Problem
          ? error
          : new Problem(l10n.t("The Linewise server did not start: its log says why."), [
              "showLog",
            ]);
      const kind = problem.severity === "question" ? "waiting" : "failed";
      this.status.set({ kind, message: problem.message });
      return problem;
    }
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.setRunning(undefined);
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

  changed(client: LanguageClient, state: "starting" | "running" | "stopped"): void {
    // One that is no longer ours is being stopped on purpose.
    if (client !== this.client) {
      return;
    }
    this.setRunning(state === "running" ? client : undefined);
    if (state === "starting") {
      this.status.set({ kind: "loading", message: l10n.t("Starting the server") });
    } else if (state === "stopped" && this.status.current.kind !== "failed") {
      this.status.set({ kind: "failed", message: l10n.t("The server stopped: its log says why") });
    }
  }

  crashed(problem: Problem): void {
    this.status.set({ kind: "failed", message: problem.message });
    void offerRemedies(problem, this);
  }

  private listen(client: LanguageClient): void {
    const uriOf = (address: string) => client.protocol2CodeConverter.asUri(address);
    const on = <Name extends keyof Notifications>(
      name: Name,
      work: (params: Notifications[Name]) => void,
    ) => client.onNotification(name, work);
    on("linewise/status", (params) => this.follow(params));
    on("linewise/fileSummary", (summary) => this.status.summarize(uriOf(summary.uri), summary));
    on("linewise/lineScores", (scores) => this.documents.set(uriOf(scores.uri), scores));
  }

  private follow(params: StatusParams): void {
    this.status.set(stateOf(params));
    const scanning = this.scan;
    this.scan = params.scan ?? null;
    if (scanning && !this.scan) {
      this.scanned.fire();
    }
    const ready = params.state === "ready" || params.state === "busy";
    void commands.executeCommand("setContext", "linewise.ready", ready);
    if (params.state === "failed") {
      this.documents.clear();
      if (!this.offered.has(params.model)) {
        this.offered.add(params.model);
        void offerModelInUse(this);
      }
    }
  }

  /** For the `enablement` of the commands that need an answer of the server. */
  private setRunning(client: LanguageClient | undefined): void {
    void commands.executeCommand("setContext", "linewise.running", client !== undefined);
    publishOffers(client);
    if (!client) {
      void commands.executeCommand("setContext", "linewise.ready", false);
      this.documents.clear();
    }
  }
}
