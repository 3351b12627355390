import { l10n } from "vscode";
import { percent } from "../wording";
import type { Against, Explanation, Stability, Trust } from "./explanation";
import { groupsOf, heaviest, type Group } from "./groups";
import { html, NOTHING, type Html } from "./html";
import { decimal, signed } from "./numbers";

const MOST_GROUPS = 8;

/** In words and numbers what the tinted code shows in colours. */
export function heaviestSection({ tokens }: Explanation): Html {
  const found = heaviest(groupsOf(tokens).values(), MOST_GROUPS);
  if (found.length === 0) {
    return NOTHING;
  }
  return html`<section>
    <h2>${l10n.t("What weighs most")}</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">${l10n.t("Code")}</th>
          <th scope="col">${l10n.t("Line")}</th>
          <th scope="col">${l10n.t("Weight")}</th>
        </tr>
      </thead>
      <tbody>
        ${found.map(groupRow)}
      </tbody>
    </table>
  </section>`;
}

function groupRow({ text, line, weight }: Group): Html {
  return html`<tr>
    <td><code>${text.trim()}</code></td>
    <td class="figure">
      <button
        data-message="open"
        data-line="${line}"
        aria-label="${l10n.t("Open line {0}", line + 1)}"
      >
        ${line + 1}
      </button>
    </td>
    <td class="figure">${signed(weight)}</td>
  </tr>`;
}

export function categoriesSection({ categories, withoutCategories }: Explanation): Html {
  const body =
    categories.length === 0
      ? html`<p>
          ${l10n.t("No categories: {0}.", withoutCategories ?? l10n.t("nothing was weighed"))}
        </p>`
      : html`<table>
          <thead>
            <tr>
              <th scope="col">${l10n.t("Category")}</th>
              <th scope="col" colspan="2">${l10n.t("Share of the weight")}</th>
              <th scope="col">${l10n.t("Effect")}</th>
              <th scope="col">${l10n.t("Tokens")}</th>
            </tr>
          </thead>
          <tbody>
            ${categories.map(
              ({ name, share, weight, tokens }) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  <td>${bar(share)}</td>
                  <td class="figure">${percent(share)}</td>
                  <td class="figure">${signed(weight)}</td>
                  <td class="figure">${tokens}</td>
                </tr>`,
            )}
          </tbody>
        </table>`;
  return html`<section>
    <h2>${l10n.t("Categories of code")}</h2>
    ${body}
  </section>`;
}

function bar(share: number): Html {
  const width = (100 * Math.min(1, Math.max(0, share))).toFixed(1);
  return html`<svg class="bar" width="120" height="10" aria-hidden="true">
    <rect class="track" width="100%" height="100%" />
    <rect width="${width}%" height="100%" />
  </svg>`;
}

/** How far the explanation itself can be trusted. */
export function trustSection({ trust, stability, reachedArgmax }: Explanation): Html {
  const rows = [
    ...(trust ? faithfulness(trust) : []),
    ...(stability ? [stabilityRow(stability)] : []),
    ...(reachedArgmax === undefined ? [] : [argmaxRow(reachedArgmax)]),
  ];
  if (rows.length === 0) {
    return NOTHING;
  }
  return html`<section>
    <h2>${l10n.t("How far this explanation can be trusted")}</h2>
    <dl>${rows}</dl>
  </section>`;
}

function faithfulness({ sufficiency, comprehensiveness, draws, reason }: Trust): Html[] {
  if (!sufficiency || !comprehensiveness) {
    return [row(l10n.t("Faithfulness"), reason ?? l10n.t("not known"), NOTHING)];
  }
  return [
    row(
      l10n.t("Sufficiency"),
      against(sufficiency, draws),
      l10n.t("The score from the heaviest tokens alone, beside as many random ones."),
    ),
    row(
      l10n.t("Comprehensiveness"),
      against(comprehensiveness, draws),
      l10n.t("What the score loses without the heaviest tokens, beside as many random ones."),
    ),
  ];
}

function against({ value, random, beaten }: Against, draws: number): string {
  return l10n.t(
    "{0}, random ones {1}: better than {2} of {3}",
    decimal(value),
    decimal(random),
    percent(beaten),
    draws,
  );
}

function stabilityRow({ snr, repetitions, reason }: Stability): Html {
  const name = l10n.t("Signal-to-noise ratio");
  return snr === undefined
    ? row(name, reason ?? l10n.t("not known"), NOTHING)
    : row(
        name,
        decimal(snr),
        l10n.t(
          "Over {0} versions of the code that mean the same. Below 1, the explanation says more about " +
            "names and layout than about the code.",
          repetitions,
        ),
      );
}

function argmaxRow(reached: boolean): Html {
  return row(
    l10n.t("Greedy rationales"),
    reached ? l10n.t("complete") : l10n.t("incomplete"),
    reached
      ? l10n.t("Each makes its token the most probable one.")
      : l10n.t("Some token does not become the most probable one, however much is kept."),
  );
}

function row(name: string, value: string, meaning: Html | string): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd><strong>${value}</strong><br />${meaning}</dd>
  </div>`;
}
