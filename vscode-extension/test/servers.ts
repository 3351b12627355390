/** Servers for tests: they answer commands, and remember what they were asked. */
import { EventEmitter } from "vscode";
import type { ServerCommand } from "../src/protocol";
import type { Server } from "../src/server";

type Answers = Partial<Record<ServerCommand, unknown>>;

/** A server that offers the commands it has an answer for; an `Error` is what it refuses with. */
export function answering(answers: Answers) {
  const asked: { command: string; arguments: readonly unknown[] }[] = [];
  const scanned = new EventEmitter<void>();
  const server = {
    running: {
      initializeResult: {
        capabilities: { executeCommandProvider: { commands: Object.keys(answers) } },
      },
      sendRequest: (_: unknown, request: (typeof asked)[number]) => {
        asked.push(request);
        const answer = answers[request.command as ServerCommand];
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    },
    address: (uri: { toString: () => string }) => uri.toString(),
    onDidScan: scanned.event,
    isScanning: false,
    isScanPaused: false,
  };
  const scanEnded = () => {
    scanned.fire();
  };
  return { asked, answers, scanEnded, server: server as unknown as Server };
}

export const stopped = { ...answering({}).server, running: undefined } as Server;
