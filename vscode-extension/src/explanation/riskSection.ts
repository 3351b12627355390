import { l10n } from "vscode";
import { probability } from "../wording";
import type { Edit, Explanation } from "./explanation";
import { html, NOTHING, type Html } from "./html";
import { signed } from "./numbers";

/** How probable an edit is, beside the base rate, and what is known before the model is asked why. */
export function riskSection({ edit }: Explanation): Html {
  if (!edit) {
    return NOTHING;
  }
  const doubt = edit.calibrated
    ? NOTHING
    : html`<span class="doubt">${l10n.t("uncalibrated here")}</span>`;
  const number = l10n.t(
    "{0} (base rate {1})",
    probability(edit.probability),
    probability(edit.baseRate),
  );
  return html`<p class="risk">${l10n.t("Edit probability")} <strong>${number}</strong> ${doubt}</p>
    <p>
      ${l10n.t("Number {0} of {1} lines of code in this file.", edit.rank, edit.codeLines)}
      ${edit.logit ? moved(edit.logit) : ""}
    </p>
    ${edit.problems.map((message) => html`<p class="problem">${withCode(message)}</p>`)}`;
}

function moved({ facts, head }: NonNullable<Edit["logit"]>): string {
  return l10n.t(
    "Facts about the line move its log-odds by {0} from the file's mean, the model's reading by {1}.",
    signed(facts),
    signed(head),
  );
}

function withCode(message: string): Html[] {
  return message
    .split("`")
    .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}
