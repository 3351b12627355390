import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Uri, type ExtensionContext } from "vscode";
import { openExample, watchFirstScores, welcome } from "../src/walkthrough";
import { manifest } from "./manifest";
import { contextKey, editor, reset } from "./mocks/vscode";
import { openScored, scored } from "./scores";

const kept = new Map<string, unknown>();
const context = {
  extension: { id: "linewise.linewise" },
  extensionUri: Uri.file("/extension"),
  globalState: {
    get: (key: string) => kept.get(key),
    update: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
  },
} as unknown as ExtensionContext;

beforeEach(() => {
  reset();
  kept.clear();
});

describe("the walkthrough", () => {
  const open = ["workbench.action.openWalkthrough", "linewise.linewise#start", true];

  test("is opened on the first start, and never again", async () => {
    await welcome(context);
    await welcome(context);
    assert.deepEqual(editor.executed, [open]);
    assert.equal(manifest.contributes.walkthroughs[0]?.id, "start");
  });

  test("is not opened in an editor that shall open none", async () => {
    editor.settings.openOnInstall = { value: false };
    await welcome(context);
    assert.deepEqual(editor.executed, []);
  });

  test("ticks off a step when a file was scored", () => {
    const { documents, uri } = openScored([]);
    watchFirstScores(documents);
    documents.clear();
    assert.equal(contextKey("linewise.scored"), undefined);
    documents.set(uri, { version: 1, baseRate: 0, threshold: 0, lines: [scored(1, "low")] });
    assert.equal(contextKey("linewise.scored"), true);
  });

  test("opens a copy of the example", async () => {
    editor.files["/extension/media/walkthrough/example.py"] = "x = 1\n";
    await openExample(context);
    assert.deepEqual(editor.shown, [[{ language: "python", content: "x = 1\n" }]]);
  });
});
