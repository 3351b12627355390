import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Uri } from "vscode";
import { serverCommands } from "../src/protocol";
import { shifts, whatIf } from "../src/whatIf";
import { document } from "./mocks/documents";
import { editor, reset } from "./mocks/vscode";
import { answering } from "./servers";

const before = [
  { line: 1, probability: 0.2 },
  { line: 2, probability: 0.6 },
  { line: 3, probability: 0.3 },
];
const target = { uri: Uri.parse("file:///src/a.py"), line: 2 };

beforeEach(() => {
  reset();
  editor.textDocuments = [document("file:///src/a.py", "a\nb\nc\nd")];
});

describe("what would change", () => {
  test("lines below a removed one are found where they were, the largest change first", () => {
    const after = [
      { line: 1, probability: 0.25 },
      { line: 2, probability: 0.1 },
    ];
    assert.deepEqual(shifts({ before, after }, 2, null), [
      { line: 3, before: 0.3, after: 0.1 },
      { line: 1, before: 0.2, after: 0.25 },
    ]);
  });

  test("a replaced line stays in its place", () => {
    const after = [...before.slice(0, 1), { line: 2, probability: 0.1 }];
    assert.deepEqual(shifts({ before, after }, 2, "x")[0], { line: 2, before: 0.6, after: 0.1 });
  });
});

describe("asking", () => {
  const answer = { unit: "f", before, after: before, message: "Nothing changes" };
  const asking = () => answering({ [serverCommands.whatIf]: answer });
  const pressing = (text: string) => (items: readonly { label: string }[]) =>
    items.find(({ label }) => label.includes(text));

  test("removes the line", async () => {
    editor.choose = pressing("Remove");
    const { server, asked } = asking();
    await whatIf(server, target);
    assert.deepEqual(asked[0]?.arguments, [
      { uri: "file:///src/a.py", line: 2, replacement: null },
    ]);
    assert.equal(editor.picks[1]?.options.title, "Nothing changes");
    assert.equal(editor.picks[1]?.items[0]?.label, "30 % → 60 %");
  });

  test("replaces the line, also by an empty one", async () => {
    editor.choose = pressing("Replace");
    editor.typed = "";
    const { server, asked } = asking();
    await whatIf(server, target);
    assert.deepEqual(asked[0]?.arguments, [{ uri: "file:///src/a.py", line: 2, replacement: "" }]);
  });

  test("ends where the user ends it, and for a line that is gone", async () => {
    const { server, asked } = asking();
    await whatIf(server, target);
    editor.choose = pressing("Replace");
    await whatIf(server, target);
    await whatIf(server, { ...target, line: 99 });
    assert.deepEqual(asked, []);
  });
});
