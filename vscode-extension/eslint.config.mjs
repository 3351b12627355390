import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "out/", "bundled/", "node_modules/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // node:test's `test()` returns a promise that the runner itself awaits.
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            { from: "package", name: ["test", "describe"], package: "node:test" },
          ],
        },
      ],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "CallExpression[callee.property.name=/^(show(Information|Warning|Error)Message|setStatusBarMessage)$/] > :matches(Literal[value=/./], TemplateLiteral)",
          message: "Texts for people go through l10n.t.",
        },
      ],
    },
  },
  {
    files: ["scripts/*.mjs"],
    languageOptions: { globals: { Buffer: "readonly", URL: "readonly" } },
  },
  {
    files: ["media/**/*.js"],
    languageOptions: {
      globals: { acquireVsCodeApi: "readonly", document: "readonly", window: "readonly" },
    },
  },
);
