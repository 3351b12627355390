import {
  EventEmitter,
  type Disposable,
  type Memento,
  type TreeDataProvider,
  type TreeItem,
} from "vscode";
import type { Icons } from "../heatMap";
import { log } from "../logging";
import { offers } from "../offers";
import { serverCommands, type RiskyFile, type RiskyLinesAnswer } from "../protocol";
import { reasonOf } from "../reason";
import { execute } from "../request";
import type { ScoredDocuments } from "../scoredDocuments";
import type { Server } from "../server";
import { keepParts, shownParts, type Part } from "./filter";
import { itemOf } from "./items";
import { rows, type Row } from "./rows";

/** The view “Risky lines”: asks the server whenever scores changed and somebody looks. */
export class RiskyLinesTree implements TreeDataProvider<Row>, Disposable {
  private readonly changed = new EventEmitter<void>();
  private readonly subscription: Disposable;

  /** The editor asks for the rows after this, once for a burst, and only while the view is visible. */
  readonly onDidChangeTreeData = this.changed.event;

  constructor(
    private readonly server: Server,
    documents: ScoredDocuments,
    private readonly icons: Icons,
    private readonly memory: Memento,
  ) {
    this.subscription = documents.onDidChange(() => this.refresh());
  }

  refresh(): void {
    this.changed.fire();
  }

  get shown(): readonly Part[] {
    return shownParts(this.memory);
  }

  /** Leave out what is not among these, in this workspace from now on. */
  async show(parts: readonly Part[]): Promise<void> {
    await keepParts(this.memory, parts);
    this.refresh();
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (row) {
      return row.kind === "file" ? [...row.lines] : [];
    }
    return rows(await this.load(), this.shown);
  }

  getTreeItem(row: Row): TreeItem {
    return itemOf(row, this.icons);
  }

  dispose(): void {
    this.subscription.dispose();
    this.changed.dispose();
  }

  private async load(): Promise<readonly RiskyFile[]> {
    if (!offers(this.server.running, serverCommands.riskyLines)) {
      return [];
    }
    try {
      return (await execute<RiskyLinesAnswer>(this.server, serverCommands.riskyLines, {})).files;
    } catch (error) {
      // A server that is being stopped answers nobody; the next scores bring the rows back.
      log().warn(`The risky lines could not be listed: ${reasonOf(error)}`);
      return [];
    }
  }
}
