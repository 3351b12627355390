import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { editor, reset } from "./mocks/vscode";
import { Range } from "./mocks/values";
import { openScored, scored } from "./scores";

beforeEach(reset);

const answer = (version: number | null) => ({
  version,
  baseRate: 0.08,
  threshold: 0.3,
  lines: [scored(7, "high")],
});

test("scores of another version than the one in the editor are not taken", () => {
  const { documents, uri } = openScored([scored(1, "high")]);
  documents.set(uri, answer(2));
  assert.equal(documents.get(uri)?.lines[0]?.line, 1);
  documents.set(uri, answer(null));
  assert.equal(documents.get(uri)?.lines[0]?.line, 7);
});

test("scores of a document that is not open are not taken", () => {
  const { documents, uri } = openScored([]);
  editor.textDocuments = [];
  documents.set(uri, answer(1));
  assert.deepEqual(documents.get(uri)?.lines, []);
});

test("an edit moves the lines below it", () => {
  const { documents, uri } = openScored([scored(1, "high"), scored(5, "low")]);
  const contentChanges = [{ range: new Range(3, 0, 3, 0), text: "\n\n" }];
  editor.fire("onDidChangeTextDocument", { document: { uri }, contentChanges });
  assert.deepEqual(
    documents.get(uri)?.lines.map(({ line }) => line),
    [1, 7],
  );
});

test("listeners hear of new scores, of a closed document and of a server that stopped", () => {
  const { documents, uri } = openScored([]);
  const heard: unknown[] = [];
  documents.onDidChange((each) => heard.push(each?.path));
  documents.set(uri, answer(1));
  editor.fire("onDidCloseTextDocument", { uri });
  editor.fire("onDidCloseTextDocument", { uri });
  documents.clear();
  assert.deepEqual(heard, ["/src/a.py", "/src/a.py", undefined]);
  assert.equal(documents.get(uri), undefined);
});
