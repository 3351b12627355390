import { l10n } from "vscode";
import {
  CloseAction,
  ErrorAction,
  type CloseHandlerResult,
  type ErrorHandler,
  type ErrorHandlerResult,
} from "vscode-languageclient/node";
import { Problem } from "./problem";

const LIMIT = 3;
const WINDOW_MS = 3 * 60_000;

/**
 * Start a crashed server again, but not one that never ran, nor one that keeps crashing.
 *
 * A server that never ran would fail in the same way again, and the failed start is reported already.
 */
export class CrashPolicy implements ErrorHandler {
  private hasRun = false;
  private crashes: number[] = [];

  constructor(
    private readonly onLoop: (problem: Problem) => void,
    private readonly now: () => number = Date.now,
  ) {}

  ran(): void {
    this.hasRun = true;
  }

  error(): ErrorHandlerResult {
    return { action: ErrorAction.Continue };
  }

  closed(): CloseHandlerResult {
    if (!this.hasRun) {
      return { action: CloseAction.DoNotRestart, handled: true };
    }
    const now = this.now();
    this.crashes = [...this.crashes.filter((time) => now - time < WINDOW_MS), now];
    if (this.crashes.length <= LIMIT) {
      return { action: CloseAction.Restart };
    }
    this.onLoop(
      new Problem(
        l10n.t(
          "The Linewise server crashed {0} times in a few minutes and is not started again by itself. " +
            "Its log says why.",
          this.crashes.length,
        ),
        ["showLog", "restart"],
      ),
    );
    return { action: CloseAction.DoNotRestart, handled: true };
  }
}
