import { l10n } from "vscode";
import type { FileSummary, ScanStatus, StatusParams } from "./protocol";
import { percent } from "./wording";

/** Everything the server can be, seen from the editor. Only what a state has can be read from it. */
export type ServerState =
  | { readonly kind: "loading"; readonly message: string }
  | { readonly kind: "ready" | "busy"; readonly message: string; readonly engine: Engine }
  | { readonly kind: "failed"; readonly message: string }
  /** Nothing is wrong: the user was asked something. */
  | { readonly kind: "waiting"; readonly message: string };

export interface Engine {
  readonly model: string;
  readonly provider: string | null;
  readonly calibration: string | null;
  readonly scan?: ScanStatus | null | undefined;
}

/** What to show. Icons and colours only repeat what `text` and `label` say. */
export interface Appearance {
  readonly icon: string;
  readonly text: string;
  /** For screen readers: the icon's meaning in words. */
  readonly label: string;
  readonly details: readonly string[];
}

export function stateOf({ state, message, ...engine }: StatusParams): ServerState {
  switch (state) {
    case "loading":
    case "failed":
      return { kind: state, message };
    case "ready":
    case "busy":
      return { kind: state, message, engine };
  }
}

export function appearance(state: ServerState, summary: FileSummary | undefined): Appearance {
  switch (state.kind) {
    case "loading":
      return show("loading~spin", l10n.t("loading"), [state.message]);
    case "failed":
      return show("error", l10n.t("failed"), [state.message]);
    case "waiting":
      return show("question", l10n.t("not set up yet"), [state.message]);
    case "ready":
      return show(
        "pulse",
        summary ? count(summary) : l10n.t("ready"),
        describe(state.engine, summary, state.message),
      );
    case "busy":
      return show(
        "sync~spin",
        summary ? l10n.t("{0}, scoring", count(summary)) : l10n.t("scoring"),
        describe(state.engine, summary),
      );
  }
}

function show(icon: string, text: string, details: readonly string[]): Appearance {
  return { icon, text, details, label: ["Linewise", text, ...details].filter(Boolean).join(", ") };
}

function count({ above, threshold }: FileSummary): string {
  return above === 1
    ? l10n.t("1 line above {0}", percent(threshold))
    : l10n.t("{0} lines above {1}", above, percent(threshold));
}

/** What the server says of itself while there is nothing else to say. */
const NOTHING = "Ready";

function describe(
  engine: Engine,
  summary: FileSummary | undefined,
  message: string = NOTHING,
): string[] {
  return [
    ...(message === NOTHING ? [] : [message]),
    ...(summary
      ? [l10n.t("{0} of {1} lines of code underlined", summary.flagged, summary.codeLines)]
      : []),
    ...(summary?.omissions ?? []),
    l10n.t("Model: {0}", engine.model),
    l10n.t(
      "Runs on: {0}",
      engine.provider?.replace(/ExecutionProvider$/, "") ?? l10n.t("not known yet"),
    ),
    l10n.t(
      "Calibration: {0}",
      engine.calibration ?? l10n.t("none, probabilities are uncalibrated"),
    ),
    ...(engine.scan ? [scanText(engine.scan)] : []),
  ];
}

function scanText({ state, done, pending }: ScanStatus): string {
  switch (state) {
    case "scanning":
      return l10n.t("Scanning the workspace: {0} of {1} files", done, pending);
    case "onBattery":
      return l10n.t("Scan of the workspace rests, on battery: {0} of {1} files", done, pending);
    case "paused":
      return pending > 0
        ? l10n.t("Scan of the workspace paused: {0} of {1} files", done, pending)
        : l10n.t("Scans of the workspace are paused");
  }
}
