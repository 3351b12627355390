import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Uri, type Memento, type TreeItem } from "vscode";
import { bandIcons } from "../src/heatMap";
import { serverCommands, type RiskyFile, type RiskyLine } from "../src/protocol";
import { itemOf, struckOut } from "../src/riskyLines/items";
import { PARTS, described } from "../src/riskyLines/filter";
import { rows, type Row } from "../src/riskyLines/rows";
import { RiskyLinesTree } from "../src/riskyLines/tree";
import { chooseFilter, showTree } from "../src/riskyLines/view";
import { ScoredDocuments } from "../src/scoredDocuments";
import { editor, reset } from "./mocks/vscode";
import { answering, stopped } from "./servers";

const icons = bandIcons(Uri.file("/extension"));

function risky(line: number, probability: number, reviewed = false): RiskyLine {
  const band = probability < 0.3 ? "low" : probability < 0.5 ? "medium" : "high";
  return { line, probability, band, reviewed, text: "    return x", unit: "f" };
}

const files: RiskyFile[] = [
  { uri: "file:///src/a.py", baseRate: 0.08, lines: [risky(1, 0.4), risky(9, 0.1)] },
  { uri: "file:///src/deep/b.py", baseRate: 0.08, lines: [risky(2, 0.35), risky(3, 0.6)] },
  { uri: "file:///src/done.py", baseRate: 0.08, lines: [risky(0, 0.9, true)] },
  { uri: "file:///src/calm.py", baseRate: 0.08, lines: [risky(5, 0.02)] },
];

const outline = (found: readonly Row[]) =>
  found.map((row) => (row.kind === "file" ? [row.uri.path, ...row.lines.map((l) => l.line)] : []));

beforeEach(reset);

describe("the rows", () => {
  test("the file with the most probable line first, and its most probable line first", () =>
    assert.deepEqual(outline(rows(files, PARTS)), [
      ["/src/deep/b.py", 3, 2],
      ["/src/a.py", 1],
      ["/src/done.py", 0],
    ]));

  test("are filtered by band and by review, and files without any are left out", () => {
    assert.deepEqual(outline(rows(files, ["high"])), [["/src/deep/b.py", 3]]);
    assert.deepEqual(outline(rows(files, ["high", "reviewed"])), [
      ["/src/deep/b.py", 3],
      ["/src/done.py", 0],
    ]);
    assert.deepEqual(outline(rows(files, ["medium"])), [
      ["/src/a.py", 1],
      ["/src/deep/b.py", 2],
    ]);
  });
});

describe("an item", () => {
  const item = (file: RiskyFile, line?: number): TreeItem => {
    const [row] = rows([file], PARTS);
    assert.ok(row);
    return itemOf(line === undefined ? row : row.lines.find((each) => each.line === line)!, icons);
  };
  const [a, b, done] = files as [RiskyFile, RiskyFile, RiskyFile];

  test("of a file names it, its folder and how many lines there are", () => {
    const { label, description, contextValue } = item(b);
    assert.deepEqual([label, description, contextValue], ["b.py", "deep · 2 lines", "file"]);
    assert.equal(item(done).description, "1 line");
  });

  test("of a line says in words what its icon says, and opens the line", () => {
    const { label, description, contextValue, accessibilityInformation, command } = item(a, 1);
    assert.deepEqual([label, contextValue], ["40 %  return x", "line"]);
    assert.equal(description, "medium · line 2 · f");
    assert.equal(accessibilityInformation?.label, "return x, 40 %, medium, line 2, f");
    assert.equal(command?.command, "vscode.open");
    const [, { selection }] = command.arguments as [Uri, { selection: { start: object } }];
    assert.deepEqual({ ...selection.start }, { line: 1, character: 0 });
  });

  test("of a reviewed line is struck out, and said to be reviewed", () => {
    const { label, description, contextValue, accessibilityInformation } = item(done, 0);
    const number = /^\d+ % {2}/.exec(label as string)?.[0] ?? "missing";
    assert.equal(label, number + struckOut("return x"));
    assert.match(struckOut("return x"), /^r\u0336e\u0336/);
    assert.match(String(description), /reviewed$/);
    assert.equal(contextValue, "line reviewed");
    assert.match(accessibilityInformation?.label ?? "", /^return x, .*reviewed$/);
  });

  test("a stroke goes over whole characters", () => assert.equal(struckOut("😀"), "😀\u0336"));

  test("of a cell names its notebook", () => {
    const uri = Uri.parse("vscode-notebook-cell:/src/n.ipynb#X2");
    const cells = [{ index: 1, document: { uri } }];
    editor.notebookDocuments = [{ uri: Uri.parse("file:///src/n.ipynb"), getCells: () => cells }];
    assert.equal(item({ ...a, uri: uri.toString() }).label, "n.ipynb, cell 2");
  });
});

describe("the tree", () => {
  const kept = new Map<string, unknown>();
  const memory = {
    get: (key: string, missing: unknown) => kept.get(key) ?? missing,
    update: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
  } as unknown as Memento;
  const list = answering({ [serverCommands.riskyLines]: { files } });
  const treeOf = (server = list.server, documents = new ScoredDocuments()) =>
    new RiskyLinesTree(server, documents, icons, memory);
  beforeEach(() => kept.clear());

  test("lists files and, below them, lines", async () => {
    const tree = treeOf();
    const top = await tree.getChildren();
    assert.equal(top.length, 3);
    assert.equal((await tree.getChildren(top[0])).length, 2);
    assert.deepEqual(await tree.getChildren((await tree.getChildren(top[0]))[0]), []);
  });

  test("is empty while the server is stopped, older than the view, or refuses", async () => {
    assert.deepEqual(await treeOf(stopped).getChildren(), []);
    assert.deepEqual(await treeOf(answering({}).server).getChildren(), []);
    assert.deepEqual(editor.log, []);
    const refusing = answering({ [serverCommands.riskyLines]: new Error("not now") });
    assert.deepEqual(await treeOf(refusing.server).getChildren(), []);
    assert.match(editor.log.join(), /not now/);
  });

  test("is asked for again after new scores", () => {
    const documents = new ScoredDocuments();
    let asked = 0;
    treeOf(list.server, documents).onDidChangeTreeData(() => asked++);
    documents.clear();
    assert.equal(asked, 1);
  });

  test("keeps its filter, and shows which one is in force", async () => {
    const tree = treeOf();
    showTree(tree);
    const view = editor.views["linewise.riskyLines"];
    assert.equal(view?.description, "");
    editor.choose = (items) => items.filter(({ label }) => label === "high");
    await chooseFilter(tree);
    assert.equal(view.description, "high");
    assert.deepEqual(treeOf().shown, ["high"]);
    assert.equal((await treeOf().getChildren()).length, 1);
    editor.choose = () => undefined;
    await chooseFilter(tree);
    assert.deepEqual(tree.shown, ["high"]);
  });

  test("shows everything again when nothing is chosen, or nothing that it knows", async () => {
    const tree = treeOf();
    await tree.show([]);
    assert.deepEqual(tree.shown, PARTS);
    assert.equal(described(PARTS), "");
  });
});
