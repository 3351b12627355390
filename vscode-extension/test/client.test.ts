import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { CancellationTokenSource } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { clientCommands, createClient, type Watcher } from "../src/client";
import type { Problem } from "../src/problem";
import { serverCommands } from "../src/protocol";
import { execute } from "../src/request";
import type { Server } from "../src/server";
import { reset } from "./mocks/vscode";

/** The real client with a real server process. */
describe("a client", () => {
  const states: string[] = [];
  const problems: Problem[] = [];
  let client: LanguageClient;
  let heard = () => {};
  const watcher: Watcher = {
    changed: (_, state) => {
      states.push(state);
      heard();
    },
    crashed: (problem) => {
      problems.push(problem);
      heard();
    },
  };
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      heard = () => holds() && resolve();
      heard();
    });

  beforeEach(async () => {
    reset();
    states.length = problems.length = 0;
    const script = join(__dirname, "mocks", "languageServer.js");
    client = createClient([process.execPath, script], tmpdir(), watcher);
    await client.start();
  });
  afterEach(() => (client.needsStop() ? client.dispose() : undefined));

  const asServer = () => ({ running: client }) as unknown as Server;

  test("asks for line scores, and names the commands that it executes itself", () =>
    assert.deepEqual(client.initializeResult?.capabilities.experimental, {
      lineScores: true,
      diagnosticsInHovers: true,
      clientCommands: [...clientCommands],
    }));

  test("sends a command with its one argument, with and without a token", async () => {
    const { token } = new CancellationTokenSource();
    const expected = { command: serverCommands.riskyLines, arguments: [{ uri: null }] };
    for (const each of [[], [token]]) {
      const sent = await execute(asServer(), serverCommands.riskyLines, { uri: null }, ...each);
      assert.deepEqual(sent, expected);
    }
    assert.deepEqual(await execute(asServer(), serverCommands.listModels), {
      command: serverCommands.listModels,
      arguments: [],
    });
  });

  test("starts a crashed server again, and reports one that keeps crashing", async () => {
    for (let crash = 1; crash <= 4; crash++) {
      await until(() => states.filter((state) => state === "running").length === crash);
      execute(asServer(), serverCommands.notUseful).catch(() => undefined);
    }
    await until(() => problems.length > 0);
    assert.match(problems[0]?.message ?? "", /crashed 4 times/);
    await until(() => states.at(-1) === "stopped");
    assert.equal(client.isRunning(), false);
  });
});
