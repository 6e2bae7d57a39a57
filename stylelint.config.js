// Rules for the stylesheets: those of the standard configuration, but for what is said here.
import recommended from "stylelint-config-recommended";
import standard from "stylelint-config-standard";

export default {
  rules: {
    ...recommended.rules,
    ...standard.rules,
    // Ranges as (width >= 36em) are younger than the phones that some readers have.
    "media-feature-range-notation": "prefix",
    "no-descending-specificity": null, // blocks of different files do not meet
    "property-no-vendor-prefix": [true, {
      ignoreProperties: ["-webkit-mask", "mask", "-webkit-text-size-adjust", "text-size-adjust"],
    }],
    // Chromium knows no other value that follows the direction of the parent.
    "value-no-vendor-prefix": [true, { ignoreValues: ["match-parent"] }],
    "declaration-property-value-no-unknown": [true, { ignoreProperties: { "text-align": ["-webkit-match-parent"] } }],
    "declaration-block-no-duplicate-properties": [true, { ignore: ["consecutive-duplicates-with-different-values"] }],
    // BEM with the prefix kim; the other names are those that Markdown makes.
    "selector-class-pattern": [
      "^(kim(-[a-z0-9]+)*(__[a-z0-9]+(-[a-z0-9]+)*)?(--[a-z0-9]+(-[a-z0-9]+)*)?|admonition(-title)?|note|tip|warning|danger|path)$",
      { message: (/** @type {string} */ name) => `"${name}" is not kim-block__element--modifier` },
    ],
    "custom-property-pattern": "^kim-[a-z0-9]+(-[a-z0-9]+)*$",
    "selector-pseudo-class-no-unknown": [true, { ignorePseudoClasses: ["--arabic-script"] }],
  },
};
