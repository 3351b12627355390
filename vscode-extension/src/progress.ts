import { ProgressLocation, window } from "vscode";
import { log } from "./logging";
import type { RunOptions } from "./process";

/** What a program that runs for the user is started with. */
export type Watched = Required<Pick<RunOptions, "signal" | "onLine">>;

/** Show what a long program prints while it runs, keep it in the log, and let the user cancel it. */
export function showProgress<Result>(
  title: string,
  work: (watched: Watched) => Promise<Result>,
): Thenable<Result> {
  return window.withProgress(
    { location: ProgressLocation.Notification, title, cancellable: true },
    (progress, token) => {
      const stop = new AbortController();
      token.onCancellationRequested(() => stop.abort());
      const onLine = (line: string) => {
        log().info(line);
        progress.report({ message: line.trim().slice(0, 80) });
      };
      return work({ signal: stop.signal, onLine });
    },
  );
}
