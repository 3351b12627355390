import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Uri } from "vscode";
import { resetFeedback } from "../src/commands";
import { copyMarkdown } from "../src/copyMarkdown";
import { publishOffers } from "../src/offers";
import { serverCommands } from "../src/protocol";
import { acceptFile, markReviewed, notUseful } from "../src/review";
import { contextKey, editor, reset } from "./mocks/vscode";
import { answering, stopped } from "./servers";

const target = { uri: Uri.parse("file:///src/a.py"), line: 4 };

beforeEach(reset);

test("a line is marked as reviewed and back", async () => {
  const { server, asked } = answering({ [serverCommands.markReviewed]: null });
  await markReviewed(server, target, true);
  await markReviewed(server, target, false);
  assert.deepEqual(
    asked.map((each) => each.arguments[0]),
    [true, false].map((reviewed) => ({ uri: "file:///src/a.py", line: 4, reviewed })),
  );
});

test("all lines of a file are accepted, and counted", async () => {
  for (const accepted of [1, 3]) {
    const { server } = answering({ [serverCommands.acceptFile]: { accepted } });
    await acceptFile(server, target.uri);
  }
  assert.deepEqual(editor.statusMessages, [
    "Linewise: 1 line marked as reviewed",
    "Linewise: 3 lines marked as reviewed",
  ]);
});

test("a finding that was not useful is told", async () => {
  const { server, asked } = answering({ [serverCommands.notUseful]: null });
  await notUseful(server, target);
  assert.deepEqual(asked[0]?.arguments, [{ uri: "file:///src/a.py", line: 4 }]);
});

test("a line is copied as Markdown", async () => {
  const { server } = answering({ [serverCommands.copyMarkdown]: { markdown: "**41 %**" } });
  await copyMarkdown(server, target);
  assert.equal(editor.clipboard, "**41 %**");
});

describe("what cannot be asked is said", () => {
  test("no server", async () => {
    await copyMarkdown(stopped, target);
    assert.match(editor.messages[0]?.text ?? "", /the server is not running/);
    assert.equal(editor.clipboard, "");
  });
  test("an older server", async () => {
    await copyMarkdown(answering({}).server, target);
    assert.match(editor.messages[0]?.text ?? "", /older than this extension/);
  });
  test("a server that refuses, in its own words", async () => {
    const refusing = answering({ [serverCommands.copyMarkdown]: new Error("no code there") });
    await copyMarkdown(refusing.server, target);
    assert.equal(editor.messages[0]?.text, "Linewise: copying the finding failed: no code there");
  });
});

test("what edits taught is forgotten only after a yes", async () => {
  const { server, asked } = answering({ [serverCommands.resetFeedback]: { reset: [] } });
  await resetFeedback(server);
  assert.equal(asked.length, 0);
  editor.press = "Forget";
  await resetFeedback(server);
  assert.deepEqual(asked, [{ command: serverCommands.resetFeedback, arguments: [] }]);
});

test("commands are enabled by what the server offers", () => {
  publishOffers(answering({ [serverCommands.whatIf]: null }).server.running);
  assert.equal(contextKey("linewise.offers.whatIf"), true);
  assert.equal(contextKey("linewise.offers.explainLine"), false);
  publishOffers(undefined);
  assert.equal(contextKey("linewise.offers.whatIf"), false);
});
