/** What the server says and answers beyond the standard protocol. */
import { NotificationType, type Range } from "vscode-languageclient/node";

export interface StatusParams {
  readonly state: "loading" | "ready" | "busy" | "failed";
  readonly message: string;
  readonly model: string;
  readonly provider: string | null;
  readonly calibration: string | null;
}

export interface FileSummary {
  readonly uri: string;
  readonly version: number | null;
  /** Lines above `threshold`, whether underlined or not. */
  readonly above: number;
  readonly threshold: number;
  readonly flagged: number;
  readonly codeLines: number;
}

export const statusNotification = new NotificationType<StatusParams>("linewise/status");
export const fileSummaryNotification = new NotificationType<FileSummary>("linewise/fileSummary");

export const listModels = "linewise.server.listModels";
export const querySpan = "linewise.server.querySpan";

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
