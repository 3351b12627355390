import { window, type LogOutputChannel } from "vscode";

let channel: LogOutputChannel | undefined;

/** The one log of client and server, made when something is first said: an idle window has none. */
export function log(): LogOutputChannel {
  return (channel ??= window.createOutputChannel("Linewise", { log: true }));
}

export function disposeLog(): void {
  channel?.dispose();
  channel = undefined;
}
