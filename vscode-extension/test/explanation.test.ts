import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, describe, test } from "node:test";
import { Uri } from "vscode";
import { codeLines } from "../src/explanation/code";
import type { Token } from "../src/explanation/explanation";
import { groupsOf, heaviest } from "../src/explanation/groups";
import { heatOf } from "../src/explanation/heat";
import { html } from "../src/explanation/html";
import { explanationPage } from "../src/explanation/page";
import { ExplanationPanel } from "../src/explanation/panel";
import { readExplanation } from "../src/explanation/read";
import { serverCommands } from "../src/protocol";
import { document } from "./mocks/documents";
import { editor, reset } from "./mocks/vscode";
import { answering } from "./servers";

const token = (
  text: string,
  line: number,
  column: number,
  weight: number,
  group: number,
): Token => ({
  text,
  line,
  column,
  weight,
  group,
  category: "operators",
});

beforeEach(reset);

describe("markup", () => {
  test("escapes what it is given, unless that is markup", () => {
    const part = html`<b title="${"\"<&'"}">${"<i>"}</b>`;
    assert.equal(part.markup, '<b title="&quot;&lt;&amp;&#39;">&lt;i&gt;</b>');
    assert.equal(html`${part}${[part, part]}${1}`.markup, part.markup.repeat(3) + "1");
  });
});

describe("heat", () => {
  test("is a share of the largest weight, whatever the sign", () =>
    assert.deepEqual(
      [0, 0.05, -0.2, 0.5, -1, 2].map((weight) => heatOf(weight, 1)),
      [0, 0, 1, 3, 5, 5],
    ));
  test("is none where nothing weighs anything", () => {
    assert.equal(heatOf(0, 0), 0);
    assert.equal(heatOf(Number.NaN, 1), 0);
  });
});

describe("groups", () => {
  const tokens = [
    token("\n    ", 0, 9, 0.1, 1),
    token("if", 1, 4, 0.1, 1),
    token(" x", 1, 6, 0.1, 1),
    token("y", 2, 0, -0.5, 2),
    token(" ", 2, 1, 3, 3),
  ];
  test("weigh what their tokens weigh together, and stand where their first visible sign does", () => {
    const group = groupsOf(tokens).get(1);
    assert.ok(Math.abs((group?.weight ?? 0) - 0.3) < 1e-9);
    assert.equal(group?.line, 1);
  });
  test("the heaviest are visible ones", () =>
    assert.deepEqual(
      heaviest(groupsOf(tokens).values(), 5).map(({ text }) => text.trim()),
      ["y", "if x"],
    ));
});

describe("the code", () => {
  const shape = (text: string, tokens: Token[], explained = 0) =>
    codeLines(text, tokens, explained).map(({ line, pieces }) => [
      line,
      pieces.map((each) => (each.token ? `[${each.text}]` : each.text)).join(""),
    ]);

  test("is the text with tokens laid over it; lines that were not read are left out", () =>
    assert.deepEqual(shape("a = b\nc\nd = 1\n", [token("b", 0, 4, 1, 0), token("1", 2, 4, 1, 1)]), [
      [0, "a = [b]"],
      [2, "d = [1]"],
    ]));
  test("a token over the end of a line is in both", () =>
    assert.deepEqual(shape("a\r\n  b", [token("\r\n  b", 0, 1, 1, 0)]), [
      [0, "a"],
      [1, "[  b]"],
    ]));
  test("columns count characters, not UTF-16 units", () =>
    assert.deepEqual(shape("'😀' + x", [token("x", 0, 6, 1, 0)]), [[0, "'😀' + [x]"]]));
  test("the explained line is there, also without tokens; a line that is gone is not", () =>
    assert.deepEqual(shape("a\nb", [token("z", 9, 0, 1, 0)], 1), [[1, "b"]]));
});

/** An answer as docs/json.md describes it. */
const answer = {
  line: 2,
  unit: "f",
  target: "edit",
  method: "knockout",
  weight_unit: "log-odds",
  edit: {
    probability: 0.41,
    base_rate: 0.08,
    calibrated: false,
    rank: 3,
    code_lines: 51,
    logit: { logit: -0.4, mean: -1, facts: 0.8, head: -0.2 },
    problems: [{ kind: "undefined", name: "c", message: "`c` is not defined here" }],
  },
  tokens: [
    { text: "a<b", line: 1, column: 1, weight: 0.4, group: 0, category: "operators" },
    { text: "c", line: 2, column: 1, weight: -0.2, group: 1, category: "identifier" },
  ],
  categories: [
    { name: "operators", group: "g", share: 0.67, weight: 0.4, tokens: 1 },
    { name: "identifier", group: "g", share: 0.33, weight: -0.2, tokens: 1 },
  ],
  sufficiency: { value: 0.5, random: 0.1, beaten: 0.92 },
  comprehensiveness: { value: 0.3, random: 0.2, beaten: 0.75 },
  faithfulness: { fractions: [0.2], draws: 12, reason: null },
  snr: 2.5,
  stability: { rank_snr: 1, reliability: 0.9, repetitions: 5, reason: null },
};
const frame = { nonce: "N0", source: "https://ext", style: "s.css", script: "s.js" };
const pageOf = (json: object) =>
  explanationPage(frame, readExplanation({ ...answer, ...json }), "a<b\nc", "a.py");

describe("the page", () => {
  const whole = pageOf({});
  /** Words as they are read: without tags, blanks collapsed. */
  const words = (page: string) => page.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");

  test("allows its own style sheet and script, and nothing inline", () => {
    assert.match(
      whole,
      /content="default-src &#39;none&#39;; style-src https:\/\/ext; script-src &#39;nonce-N0&#39;"/,
    );
    assert.deepEqual(whole.match(/<script[^>]*>/g), ['<script nonce="N0" src="s.js">']);
    assert.doesNotMatch(whole, /\sstyle=|<style|\son\w+=|javascript:/);
  });

  test("escapes the code", () => {
    assert.match(whole, /a&lt;b/);
    assert.doesNotMatch(whole, /a<b/);
  });

  test("counts lines from 1 for people and from 0 for the editor", () => {
    assert.match(whole, /a\.py, line 2/);
    assert.match(whole, /data-line="1"[^>]*aria-label="Line 2, the line that is explained"/);
  });

  test("says the probability, its base rate, and where it does not hold", () => {
    assert.match(words(whole), /Edit probability 41 % \(base rate 8 %\) uncalibrated here/);
    const edit = { ...answer.edit, calibrated: true };
    assert.doesNotMatch(words(pageOf({ edit })), /uncalibrated/);
  });

  test("says what is known before the model is asked why", () => {
    assert.match(words(whole), /Number 3 of 51 lines of code in this file/);
    assert.match(words(whole), /move its log-odds by \+0\.80 .* reading by −0\.20/);
    assert.match(whole, /<code>c<\/code> is not defined here/);
  });

  test("tells by form and by number what it tells by colour", () => {
    assert.match(whole, /class="token raises heat-5"\s+title="\+0\.40, operators"/);
    assert.match(whole, /class="token lowers heat-3"/);
    assert.match(words(whole), /What weighs most .*a&lt;b 1 \+0\.40 c 2 −0\.20/);
  });

  test("lists categories with their shares", () =>
    assert.match(words(whole), /operators 67 % \+0\.40 1 identifier 33 % −0\.20 1/));

  test("says how far it can be trusted", () => {
    const said = words(whole);
    assert.match(said, /Sufficiency 0\.50, random ones 0\.10: better than 92 % of 12/);
    assert.match(said, /Comprehensiveness 0\.30, random ones 0\.20/);
    assert.match(said, /Signal-to-noise ratio 2\.50 Over 5 versions/);
    assert.match(words(pageOf({ reached_argmax: false })), /Greedy rationales incomplete/);
  });

  test("leaves out what the server does not know, with its reason", () => {
    const bare = words(
      pageOf({
        categories: [],
        without_categories: "no grammar for cobol",
        sufficiency: null,
        comprehensiveness: null,
        snr: null,
        stability: null,
        edit: null,
        faithfulness: { reason: "one token" },
      }),
    );
    assert.match(bare, /No categories: no grammar for cobol/);
    assert.match(bare, /Faithfulness one token/);
    assert.doesNotMatch(bare, /Edit probability|Signal-to-noise|NaN|undefined/);
  });

  test("says first what a reader must know", () =>
    assert.match(words(pageOf({ note: "This is Java." })), /in f This is Java\. Edit probability/));

  test("of a real answer is whole: linewise.server.explainLine on examples/inventory.py", () => {
    const { text, answer } = JSON.parse(readFileSync("test/fixtures/explanation.json", "utf8")) as {
      text: string;
      answer: object;
    };
    const explanation = readExplanation(answer);
    const shown = words(explanationPage(frame, explanation, text, "inventory.py"));
    assert.doesNotMatch(shown, /undefined[^ ]|NaN|\[object/);
    assert.match(shown, /Edit probability 54 % \(base rate 8 %\)/);
    assert.match(shown, /timedelta is not defined here/);
    assert.match(shown, /Signal-to-noise ratio 0\.15 Over 5 versions/);
    // Every token lies where its text stands.
    for (const { pieces } of codeLines(text, explanation.tokens, explanation.line)) {
      for (const { text: piece, token } of pieces) {
        assert.ok(!token || token.text.includes(piece), piece);
      }
    }
    const sum = explanation.categories.reduce((total, { share }) => total + share, 0);
    assert.ok(Math.abs(sum - 1) < 1e-9);
  });

  test("an answer without a line is none", () => {
    for (const wrong of [null, [], "text", {}]) {
      assert.throws(() => readExplanation(wrong), /names no line/);
    }
  });
});

describe("the panel", () => {
  const target = { uri: Uri.parse("file:///src/a.py"), line: 1 };
  const panelOf = (result: unknown) => {
    editor.textDocuments = [document("file:///src/a.py", "a<b\nc")];
    const { server, asked } = answering({ [serverCommands.explainLine]: result });
    return { asked, panel: new ExplanationPanel(Uri.file("/extension"), server) };
  };

  test("says that it is at work, then shows the page; scripts come from its folder only", async () => {
    const { panel, asked } = panelOf(answer);
    await panel.show(target);
    const [shown] = editor.panels;
    assert.match(shown?.pages[0] ?? "", /Explaining line 2/);
    assert.match(shown?.pages[1] ?? "", /What it rests on/);
    assert.deepEqual(asked[0]?.arguments, [{ uri: "file:///src/a.py", line: 1 }]);
    const { localResourceRoots } = shown?.options as { localResourceRoots: Uri[] };
    assert.deepEqual(
      localResourceRoots.map(({ path }) => path),
      ["/extension/media/explanation"],
    );
  });

  test("shows why not, and tries again when asked to", async () => {
    const { panel, asked } = panelOf(new Error("there is no code in the line"));
    await panel.show(target);
    assert.match(editor.panels[0]?.webview.html ?? "", /there is no code in the line/);
    editor.panels[0]?.say({ message: "again" });
    assert.equal(asked.length, 1);
    await new Promise(setImmediate);
    assert.equal(asked.length, 2);
  });

  test("is one panel; the line that was asked about last is shown", async () => {
    const { panel } = panelOf(answer);
    await Promise.all([panel.show({ ...target, line: 0 }), panel.show(target)]);
    assert.equal(editor.panels.length, 1);
    const pages = editor.panels[0]?.pages ?? [];
    assert.equal(pages.filter((page) => page.includes("What it rests on")).length, 1);
  });

  test("opens the line that was pressed", async () => {
    const { panel } = panelOf(answer);
    await panel.show(target);
    editor.panels[0]?.say({ message: "open", line: 1 });
    await new Promise(setImmediate);
    const [uri, { selection }] = editor.shown[0] as [Uri, { selection: { start: object } }];
    assert.equal(uri.path, "/src/a.py");
    assert.deepEqual({ ...selection.start }, { line: 1, character: 0 });
  });

  test("says when the text has changed since", async () => {
    const { panel } = panelOf(answer);
    await panel.show(target);
    const change = (path: string, contentChanges: object[]) =>
      editor.fire("onDidChangeTextDocument", {
        document: { uri: Uri.parse(`file://${path}`) },
        contentChanges,
      });
    change("/src/b.py", [{}]);
    change("/src/a.py", []);
    assert.deepEqual(editor.panels[0]?.posted, []);
    change("/src/a.py", [{}]);
    assert.deepEqual(editor.panels[0]?.posted, [{ message: "stale" }]);
  });

  test("opens anew after it was closed", async () => {
    const { panel } = panelOf(answer);
    await panel.show(target);
    editor.panels[0]?.dispose();
    await panel.show(target);
    assert.equal(editor.panels.length, 2);
  });
});
