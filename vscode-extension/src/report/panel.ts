import { randomUUID } from "node:crypto";
import {
  CancellationTokenSource,
  l10n,
  Range,
  Uri,
  ViewColumn,
  window,
  workspace,
  type Disposable,
  type WebviewPanel,
} from "vscode";
import { serverCommands, type ReportAnswer, type ReportQuery } from "../protocol";
import { reasonOf } from "../reason";
import { execute } from "../request";
import { scanWorkspace } from "../scan";
import type { Server } from "../server";
import { emptyPage, failurePage, reportPage, waitingPage, type Frame } from "./page";

/** What the page's script says; lines count from 1. */
type Message =
  | { readonly message: "refresh" | "scan" }
  | { readonly message: "open"; readonly path: string; readonly line: number }
  | { readonly message: "save"; readonly name: string; readonly data: string };

/** One panel with the report of a folder; the folder that was asked for last is shown. */
export class ReportPanel implements Disposable {
  private panel: WebviewPanel | undefined;
  private asked: { readonly folder: Uri; readonly cancel: CancellationTokenSource } | undefined;
  /** What paths in the page are relative to; undefined while nothing was scanned. */
  private root: Uri | undefined;
  private readonly media: Uri;
  private readonly subscription: Disposable;

  constructor(
    extension: Uri,
    private readonly server: Server,
  ) {
    this.media = Uri.joinPath(extension, "media", "report");
    this.subscription = server.onDidScan(() => {
      if (this.panel && !this.root) {
        void this.refresh();
      }
    });
  }

  async show(): Promise<void> {
    const folder = await chosenFolder();
    if (folder) {
      this.panel ??= this.open();
      this.panel.reveal(undefined, false);
      await this.load(folder);
    }
  }

  dispose(): void {
    this.panel?.dispose();
    this.subscription.dispose();
  }

  private async refresh(): Promise<void> {
    if (this.asked) {
      await this.load(this.asked.folder);
    }
  }

  private async load(folder: Uri): Promise<void> {
    const { panel } = this;
    if (!panel) {
      return;
    }
    this.asked?.cancel.cancel();
    const asked = (this.asked = { folder, cancel: new CancellationTokenSource() });
    panel.webview.html = waitingPage(this.frame(panel));
    const { page, root } = await this.content(folder, asked.cancel, this.frame(panel));
    // Another folder was asked about meanwhile, or the panel closed.
    if (asked === this.asked) {
      this.root = root;
      panel.webview.html = page;
    }
  }

  private async content(
    folder: Uri,
    { token }: CancellationTokenSource,
    frame: Frame,
  ): Promise<{ readonly page: string; readonly root?: Uri }> {
    try {
      const query: ReportQuery = { uri: this.server.address(folder) };
      const command = serverCommands.report;
      const { html, root } = await execute<ReportAnswer>(this.server, command, query, token);
      return html === null
        ? { page: emptyPage(frame, this.server.isScanning) }
        : { page: reportPage(frame, html), root: Uri.parse(root) };
    } catch (error) {
      return { page: failurePage(frame, reasonOf(error)) };
    }
  }

  private open(): WebviewPanel {
    const panel = window.createWebviewPanel(
      "linewise.report",
      l10n.t("Workspace Rationale Report"),
      ViewColumn.Active,
      {
        enableScripts: true,
        localResourceRoots: [this.media],
        enableFindWidget: true,
        retainContextWhenHidden: true,
      },
    );
    panel.onDidDispose(() => {
      this.asked?.cancel.cancel();
      this.asked = this.panel = this.root = undefined;
    });
    panel.webview.onDidReceiveMessage((message: Message) => this.follow(panel, message));
    return panel;
  }

  private async follow(panel: WebviewPanel, message: Message): Promise<void> {
    switch (message.message) {
      case "refresh":
        return this.refresh();
      case "scan":
        if (await scanWorkspace(this.server)) {
          panel.webview.html = emptyPage(this.frame(panel), true);
        }
        return;
      case "open":
        return this.openLine(message.path, message.line);
      case "save":
        return save(message.name, message.data);
    }
  }

  private async openLine(path: string, line: number): Promise<void> {
    if (!this.root) {
      return;
    }
    const at = Math.max(line - 1, 0);
    const options = { selection: new Range(at, 0, at, 0), viewColumn: ViewColumn.Beside };
    try {
      await window.showTextDocument(Uri.joinPath(this.root, path), options);
    } catch (error) {
      void window.showErrorMessage(
        l10n.t("Linewise: {0} cannot be opened: {1}", path, reasonOf(error)),
      );
    }
  }

  private frame({ webview }: WebviewPanel): Frame {
    const address = (name: string) =>
      webview.asWebviewUri(Uri.joinPath(this.media, name)).toString();
    return {
      nonce: randomUUID(),
      source: webview.cspSource,
      style: address("report.css"),
      script: address("report.js"),
    };
  }
}

/** The folder of the editor in front, else the only one, else the one that is picked. */
async function chosenFolder(): Promise<Uri | undefined> {
  const document = window.activeTextEditor?.document;
  const folders = workspace.workspaceFolders ?? [];
  const around = document && workspace.getWorkspaceFolder(document.uri);
  if (around ?? folders.length === 1) {
    return (around ?? folders[0])?.uri;
  }
  if (folders.length === 0) {
    void window.showInformationMessage(l10n.t("Linewise: open a folder to see its report."));
    return undefined;
  }
  return (await window.showWorkspaceFolderPick())?.uri;
}

/** Save a table of the page, which comes as a `data:` address. */
async function save(name: string, data: string): Promise<void> {
  const target = await window.showSaveDialog({ saveLabel: l10n.t("Save Table"), title: name });
  if (target) {
    const content = Buffer.from(data.slice(data.indexOf(",") + 1), "base64");
    await workspace.fs.writeFile(target, content);
  }
}
