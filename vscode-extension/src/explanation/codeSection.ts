import { l10n } from "vscode";
import { codeLines, type CodeLine, type Piece } from "./code";
import type { Explanation } from "./explanation";
import { html, NOTHING, type Html } from "./html";
import { signed } from "./numbers";

/** The code that the model read, tinted by what its tokens weigh. */
export function codeSection(explanation: Explanation, text: string): Html {
  const lines = codeLines(text, explanation.tokens, explanation.line);
  const rows = lines.map((each, index) => {
    const gap = index > 0 && each.line > (lines[index - 1]?.line ?? 0) + 1;
    return html`${gap ? GAP : NOTHING}${row(each, explanation)}`;
  });
  return html`<section aria-labelledby="code-title">
    <h2 id="code-title">${l10n.t("What it rests on")}</h2>
    <p class="legend">
      <span class="token raises heat-4">${l10n.t("solid: raises the score")}</span>
      <span class="token lowers heat-4">${l10n.t("dashed: lowers it")}</span>
      <span>${l10n.t("the stronger, the more it weighs")}</span>
    </p>
    <div class="code">
      <table>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </section>`;
}

const GAP = html`<tr class="gap" aria-hidden="true">
  <td colspan="2">⋯</td>
</tr>`;

function row({ line, pieces }: CodeLine, { line: explained }: Explanation): Html {
  const here = line === explained;
  const label = here
    ? l10n.t("Line {0}, the line that is explained", line + 1)
    : l10n.t("Open line {0}", line + 1);
  return html`<tr class="${here ? "here" : ""}">
    <td class="number">
      <span class="mark" aria-hidden="true">${here ? "▶" : ""}</span>
      <button data-message="open" data-line="${line}" aria-label="${label}">${line + 1}</button>
    </td>
    <td><code>${pieces.map(token)}</code></td>
  </tr>`;
}

function token({ text, token, weight, heat }: Piece): Html {
  if (!token || heat === 0) {
    return html`<span>${text}</span>`;
  }
  const effect = weight > 0 ? "raises" : "lowers";
  const title = [signed(weight), token.category].filter(Boolean).join(", ");
  // Tinted indentation would be the largest mark of a line, and the one that says least.
  const code = text.trimStart();
  const indentation = text.slice(0, text.length - code.length);
  return code === ""
    ? html`${text}`
    : html`${indentation}<span class="token ${effect} heat-${heat}" title="${title}"
          >${code}</span
        >`;
}
