import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { ExtensionContext } from "vscode";
import { CloseAction, type LanguageClient } from "vscode-languageclient/node";
import { createClient } from "../src/client";
import { CrashPolicy } from "../src/crashes";
import { Problem } from "../src/problem";
import { offerRemedies } from "../src/remedies";
import { ScoredDocuments } from "../src/scoredDocuments";
import { Server } from "../src/server";
import { StatusItems } from "../src/statusItems";
import { editor, reset } from "./mocks/vscode";

let storage: string;
let server: Server;
let status: StatusItems;
const memory = new Map<string, unknown>();

beforeEach(async () => {
  reset();
  memory.clear();
  storage = await mkdtemp(join(tmpdir(), "linewise-test-"));
  status = new StatusItems([]);
  const context = {
    extensionPath: join(storage, "extension"),
    globalStorageUri: { fsPath: storage },
    globalState: {
      get: (key: string) => memory.get(key),
      update: (key: string, value: unknown) => Promise.resolve(void memory.set(key, value)),
    },
  };
  server = new Server(context as unknown as ExtensionContext, status, new ScoredDocuments());
});
afterEach(() => rm(storage, { recursive: true, force: true }));

describe("a start that fails", () => {
  test("shows the failed state, returns the problem and can be tried again", async () => {
    editor.settings.interpreter = { value: "/nowhere/python" };
    for (let attempt = 0; attempt < 2; attempt++) {
      const problem = await server.restart();
      assert.match(problem?.message ?? "", /cannot be run.*\/nowhere\/python/);
      assert.equal(status.current.kind, "failed");
      assert.equal(server.running, undefined);
    }
  });

  test("asks before it makes an environment, which is no failure", async () => {
    const bundled = join(storage, "extension", "bundled");
    await mkdir(bundled, { recursive: true });
    await writeFile(join(bundled, "linewise-0.1.0-py3-none-any.whl"), "");
    await writeFile(join(bundled, "constraints.txt"), "");
    const problem = await server.restart();
    assert.equal(problem?.severity, "question");
    assert.deepEqual(problem?.remedies, ["createEnvironment", "openInterpreterSetting"]);
    assert.equal(status.current.kind, "waiting");
  });

  test("without a wheel says to name an interpreter", async () => {
    assert.match((await server.restart())?.message ?? "", /brings no server/);
  });
});

describe("the client", () => {
  const said: string[] = [];
  const watcher = {
    changed: (_: LanguageClient, state: string) => void said.push(state),
    crashed: () => assert.fail("no crash loop"),
  };
  const options = (client: LanguageClient) => client.clientOptions;

  test("pulls diagnostics on change and on save, whatever the library's defaults are", () => {
    const { diagnosticPullOptions } = options(createClient(["python3"], storage, watcher));
    assert.deepEqual(diagnosticPullOptions, {
      onChange: true,
      onSave: true,
      onFocus: false,
      onTabs: false,
    });
  });

  test("does not start a server again that never ran", async () => {
    const client = createClient([process.execPath, "-e", "process.exit(1)"], storage, watcher);
    await assert.rejects(client.start());
    assert.equal(client.isRunning(), false);
    assert.deepEqual(editor.messages, []);
    assert.deepEqual(said, ["starting", "stopped"]);
  });
});

describe("a crash", () => {
  test("is followed by a new start, until there are too many in a short time", () => {
    let now = 0;
    const problems: Problem[] = [];
    const policy = new CrashPolicy(
      (problem) => problems.push(problem),
      () => now,
    );
    assert.equal(policy.closed().action, CloseAction.DoNotRestart);
    policy.ran();
    for (let crash = 0; crash < 3; crash++, now += 1000) {
      assert.equal(policy.closed().action, CloseAction.Restart);
    }
    assert.equal(problems.length, 0);
    assert.equal(policy.closed().action, CloseAction.DoNotRestart);
    assert.match(problems[0]?.message ?? "", /crashed 4 times/);
    assert.deepEqual(problems[0]?.remedies, ["showLog", "restart"]);
    now += 10 * 60_000;
    assert.equal(policy.closed().action, CloseAction.Restart);
  });
});

test("a server that keeps crashing fails, and the message offers its log and a restart", () => {
  server.crashed(new Problem("It crashed.", ["showLog", "restart"]));
  assert.equal(status.current.kind, "failed");
  assert.deepEqual(editor.messages, [
    { kind: "error", text: "It crashed.", buttons: ["Show Log", "Restart Server"] },
  ]);
});

describe("remedies", () => {
  test("consent is remembered, and the server then started", async () => {
    editor.press = "Create Environment";
    await offerRemedies(new Problem("May it?", ["createEnvironment"], "question"), server);
    assert.deepEqual([...memory.values()], [true]);
    assert.deepEqual(editor.messages[0], {
      kind: "information",
      text: "May it?",
      buttons: ["Create Environment"],
    });
    assert.ok(editor.executed.some(([command]) => command === "linewise.restart"));
  });

  test("the setting is opened", async () => {
    editor.press = "Open Setting";
    await offerRemedies(new Problem("No.", ["openInterpreterSetting"]), server);
    assert.equal(editor.messages[0]?.kind, "error");
    assert.deepEqual(editor.executed.at(-1), [
      "workbench.action.openSettings",
      { query: "linewise.interpreter" },
    ]);
  });

  test("nothing pressed, nothing done", async () => {
    const before = editor.executed.length;
    await offerRemedies(new Problem("No.", ["showLog"]), server);
    assert.equal(editor.executed.length, before);
  });
});
