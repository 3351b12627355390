import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Uri } from "vscode";
import { targetOf } from "../src/target";
import { document, editorOn } from "./mocks/documents";
import { editor, reset } from "./mocks/vscode";

beforeEach(reset);

const found = (...given: unknown[]) => {
  const target = targetOf(given);
  return target && [target.uri.path, target.line];
};

test("a line is named by the tree, a code action, the gutter or the cursor", () => {
  const uri = Uri.parse("file:///src/a.py");
  assert.deepEqual(found({ kind: "line", uri, line: 4 }), ["/src/a.py", 4]);
  assert.deepEqual(found("file:///src/a.py", 0), ["/src/a.py", 0]);
  assert.deepEqual(found({ uri, lineNumber: 5 }), ["/src/a.py", 4]);
  editor.activeTextEditor = editorOn(document("file:///src/b.py", "a\nb\nc"), 2);
  assert.deepEqual(found(), ["/src/b.py", 2]);
});

test("a row of a file means the file", () =>
  assert.deepEqual(found({ kind: "file", uri: Uri.parse("file:///src/a.py") }), ["/src/a.py", 0]));

test("without anything there is no line", () => assert.equal(found(), undefined));
