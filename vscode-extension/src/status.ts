import type { FileSummary, StatusParams } from "./protocol";

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
      return show("loading~spin", "loading", [state.message]);
    case "failed":
      return show("error", "failed", [state.message]);
    case "waiting":
      return show("question", "not set up yet", [state.message]);
    case "ready":
      return show("pulse", summary ? count(summary) : "ready", describe(state.engine, summary));
    case "busy":
      return show(
        "sync~spin",
        summary ? `${count(summary)}, scoring` : "scoring",
        describe(state.engine, summary),
      );
  }
}

function show(icon: string, text: string, details: readonly string[]): Appearance {
  return { icon, text, details, label: ["Linewise", text, ...details].filter(Boolean).join(", ") };
}

function count({ above, threshold }: FileSummary): string {
  return `${above} ${above === 1 ? "line" : "lines"} above ${percent(threshold)}`;
}

function describe(engine: Engine, summary: FileSummary | undefined): string[] {
  return [
    ...(summary ? [`${summary.flagged} of ${summary.codeLines} lines of code underlined`] : []),
    `Model: ${engine.model}`,
    `Runs on: ${engine.provider ?? "not known yet"}`,
    `Calibration: ${engine.calibration ?? "none, probabilities are uncalibrated"}`,
  ];
}

export function percent(probability: number): string {
  return `${Math.round(100 * probability)} %`;
}
