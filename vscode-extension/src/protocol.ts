/** What the server says and answers beyond the standard protocol. Lines and columns count from 0. */
import type { Range } from "vscode-languageclient/node";

export interface StatusParams {
  readonly state: "loading" | "ready" | "busy" | "failed";
  readonly message: string;
  readonly model: string;
  readonly provider: string | null;
  readonly calibration: string | null;
  /** Null while no scan of the workspace is under way or paused; older servers do not tell. */
  readonly scan?: ScanStatus | null | undefined;
}

/** Of `pending` files that need reading, `done` were read. */
export interface ScanStatus {
  readonly state: "scanning" | "paused" | "onBattery";
  readonly done: number;
  readonly pending: number;
}

export interface FileSummary {
  readonly uri: string;
  readonly version: number | null;
  /** Lines above `threshold`, whether underlined or not. */
  readonly above: number;
  readonly threshold: number;
  readonly flagged: number;
  readonly codeLines: number;
  /** What the document was judged without, a sentence of each kind; older servers do not tell. */
  readonly omissions?: readonly string[];
}

/** How much a probability asks for attention; the setting `linewise.bands` says where each begins. */
export type Band = "low" | "medium" | "high";

export interface ScoredLine {
  readonly line: number;
  readonly probability: number;
  readonly calibrated: boolean;
  readonly band: Band;
  /** Accepted by the user, for the content it has now. */
  readonly reviewed: boolean;
}

/** Every scored line of code of one version of a document. */
export interface LineScores {
  readonly uri: string;
  readonly version: number | null;
  readonly baseRate: number;
  readonly threshold: number;
  readonly lines: readonly ScoredLine[];
}

/** What the server tells without being asked. */
export interface Notifications {
  readonly "linewise/status": StatusParams;
  readonly "linewise/fileSummary": FileSummary;
  readonly "linewise/lineScores": LineScores;
}

/** The server's commands. An older server lacks some, and what needs them is then not offered. */
export const serverCommands = {
  listModels: "linewise.server.listModels",
  querySpan: "linewise.server.querySpan",
  resetFeedback: "linewise.server.resetFeedback",
  explainLine: "linewise.server.explainLine",
  whatIf: "linewise.server.whatIf",
  markReviewed: "linewise.server.markReviewed",
  acceptFile: "linewise.server.acceptFile",
  notUseful: "linewise.server.notUseful",
  copyMarkdown: "linewise.server.copyMarkdown",
  riskyLines: "linewise.server.riskyLines",
  report: "linewise.server.report",
  scan: "linewise.server.scan",
  pauseScan: "linewise.server.pauseScan",
  resumeScan: "linewise.server.resumeScan",
} as const;

export type ServerCommand = (typeof serverCommands)[keyof typeof serverCommands];

export interface ModelInfo {
  readonly name: string;
  readonly description: string;
  readonly installed: boolean;
  readonly active: boolean;
  readonly probe: boolean;
}

export interface SpanQuery {
  readonly uri: string;
  readonly range: Range;
}

export interface SpanAnswer {
  readonly probability: number;
  readonly baseRate: number;
  readonly lines: readonly number[];
  readonly tokens: number;
  readonly calibrated: boolean;
  readonly message: string;
}

/** The argument of the commands that speak of one line. */
export interface LineQuery {
  readonly uri: string;
  readonly line: number;
}

export interface LineProbability {
  readonly line: number;
  readonly probability: number;
}

/** What would become of a unit's lines if one of them were removed or replaced. */
export interface WhatIfAnswer {
  readonly unit: string;
  readonly before: readonly LineProbability[];
  readonly after: readonly LineProbability[];
  readonly message: string;
}

export interface ReportQuery {
  readonly uri: string;
}

/** The report as a page; `html` is null where nothing was scanned yet. */
export interface ReportAnswer {
  readonly root: string;
  readonly html: string | null;
  readonly message: string | null;
}

export interface RiskyLine {
  readonly line: number;
  readonly probability: number;
  readonly band: Band;
  readonly reviewed: boolean;
  readonly text: string;
  readonly unit: string;
}

export interface RiskyFile {
  readonly uri: string;
  readonly baseRate: number;
  readonly lines: readonly RiskyLine[];
}

export interface RiskyLinesAnswer {
  readonly files: readonly RiskyFile[];
}
