import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Command } from "./settings";

export interface RunOptions {
  /** Never a folder of the workspace: on Windows a program is looked for there first. */
  readonly cwd: string;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

/** A program that could not be started, failed or was stopped; the message ends with its last words. */
export class RunError extends Error {}

/** Run a program to its end and return what it printed to standard output. */
export async function run(
  command: Command,
  args: readonly string[],
  options: RunOptions,
): Promise<string> {
  const [program, ...first] = command;
  const child = spawn(program, [...first, ...args], {
    cwd: options.cwd,
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
    ...(options.signal && { signal: options.signal }),
  });
  const output: string[] = [];
  let last = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    output.push(line);
    options.onLine?.(line);
  });
  createInterface({ input: child.stderr }).on("line", (line) => {
    last = line.trim() || last;
    options.onLine?.(line);
  });
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new RunError(`${program}: ${error.message}`)));
    child.once("close", (code, signal) => {
      if (code === 0) {
        resolve(output.join("\n"));
      } else {
        reject(new RunError(`${program} ended with ${code ?? signal}${last && `: ${last}`}`));
      }
    });
  });
}
