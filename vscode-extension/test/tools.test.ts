import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, describe, test } from "node:test";
import { CancellationTokenSource, Uri } from "vscode";
import { serverCommands } from "../src/protocol";
import { brief, explainLineTool } from "../src/tools/explainLine";
import { registerTools } from "../src/tools/register";
import { listed, riskyLinesTool } from "../src/tools/riskyLines";
import { document } from "./mocks/documents";
import { editor, reset } from "./mocks/vscode";
import { answering } from "./servers";

const line = (number: number, probability: number, reviewed = false) => ({
  line: number,
  probability,
  band: "high" as const,
  reviewed,
  text: "    x = 1",
  unit: "f",
});
const files = [
  { uri: "file:///src/a.py", baseRate: 0.08123, lines: [line(0, 0.5), line(1, 0.9, true)] },
  { uri: "file:///src/b.py", baseRate: 0.08123, lines: [line(4, 0.71239)] },
];
const { token } = new CancellationTokenSource();

beforeEach(() => {
  reset();
  editor.workspaceFolders = [{ uri: Uri.file("/src") }];
  editor.files = { "/src/a.py": "", "/etc/secrets.py": "" };
});

test("lines are listed from the most probable one on, counted from 1, without the reviewed ones", () => {
  assert.deepEqual(listed(files, 20), [
    {
      file: "b.py",
      line: 5,
      editProbability: 0.712,
      baseRate: 0.081,
      band: "high",
      unit: "f",
      code: "x = 1",
    },
    { ...listed(files, 20)[1], file: "a.py", line: 1, editProbability: 0.5 },
  ]);
  assert.equal(listed(files, 1).length, 1);
});

describe("a tool", () => {
  const asking = () =>
    answering({
      [serverCommands.riskyLines]: { files },
      [serverCommands.explainLine]: { line: 3 },
    });

  test("asks about one file by its path, or about all", async () => {
    const { server, asked } = asking();
    await riskyLinesTool(server).invoke({ input: { file: "a.py" } }, token);
    await riskyLinesTool(server).invoke({ input: {} }, token);
    assert.deepEqual(
      asked.map((each) => each.arguments[0]),
      [{ uri: "file:///src/a.py" }, { uri: null }],
    );
  });

  test("explains a line, counted from 1, of a file in the workspace or one that is open", async () => {
    const { server, asked } = asking();
    const tool = explainLineTool(server);
    editor.textDocuments = [document("untitled:Untitled-1", "x")];
    for (const file of ["a.py", "/src/a.py", "file:///src/a.py", "untitled:Untitled-1"]) {
      await tool.invoke({ input: { file, line: 3 } }, token);
    }
    const addresses = asked.map((each) => (each.arguments[0] as { uri: string }).uri);
    assert.deepEqual(new Set(addresses), new Set(["file:///src/a.py", "untitled:Untitled-1"]));
    assert.equal((asked[0]?.arguments[0] as { line: number }).line, 2);
  });

  test("reads nothing that is neither open nor in the workspace", async () => {
    const { server, asked } = asking();
    for (const file of [
      "/etc/secrets.py",
      "../etc/secrets.py",
      "file:///etc/secrets.py",
      "no.py",
    ]) {
      await assert.rejects(
        explainLineTool(server).invoke({ input: { file, line: 1 } }, token),
        /There is no file/,
      );
    }
    assert.deepEqual(asked, []);
  });
});

test("an explanation is told without its hundreds of tokens", () => {
  const token = { text: " x", line: 2, column: 1, weight: 0.5, group: 0 };
  const told = brief({ line: 3, snr: 2, tokens: [token], predicted: [] });
  assert.deepEqual(JSON.parse(JSON.stringify(told)), {
    line: 3,
    snr: 2,
    heaviest: [{ code: "x", line: 2, weight: 0.5 }],
  });
});

describe("registration", () => {
  test("does nothing in an editor without such tools", () => {
    registerTools(asServer());
    editor.lm = {};
    registerTools(asServer());
  });

  test("is of the tools that the manifest declares", () => {
    const names: string[] = [];
    editor.lm = {
      registerTool: (name: string) => {
        names.push(name);
        return { dispose: () => undefined };
      },
    };
    registerTools(asServer()).dispose();
    const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
      contributes: { languageModelTools: { name: string }[] };
    };
    assert.deepEqual(
      names,
      manifest.contributes.languageModelTools.map(({ name }) => name),
    );
  });

  const asServer = () => answering({}).server;
});
