import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["build/", "dist/", "node_modules/", "coverage/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-empty-function": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "no-control-regex": "off",
    },
  },
  {
    files: ["src/lib/**/*.ts"],
    rules: {
      "no-console": "error",
      "no-restricted-imports": [
        "error",
        { patterns: ["**/program/**", "**/shell/**", "**/commands/**", "**/format/**"] },
      ],
      "no-restricted-properties": ["error", { object: "process", property: "exit" }],
    },
  },
  {
    files: ["**/*.mjs", "**/*.cjs", "bin/kpod", "eslint.config.mjs", "jest.config.cjs"],
    languageOptions: {
      globals: {
        Buffer: "readonly",
        URL: "readonly",
        __dirname: "readonly",
        Bun: "readonly",
        console: "readonly",
        module: "writable",
        process: "readonly",
        require: "readonly",
        setTimeout: "readonly",
      },
    },
  },
);
