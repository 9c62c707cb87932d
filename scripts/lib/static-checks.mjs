// Types, lint and formatting.
import { join } from "node:path";
import { leanEnvironment, runProgram } from "./run.mjs";

const CHECKS = [
  { name: "types", script: "typescript/bin/tsc", args: ["--noEmit"] },
  { name: "lint", script: "eslint/bin/eslint.js", args: ["."] },
  { name: "formatting", script: "prettier/bin/prettier.cjs", args: ["--check", "--log-level=warn", "."] },
];

/** Runs all three side by side and gives the names of those that failed, having printed what they found. */
export async function staticChecks(root) {
  const outcomes = await Promise.all(
    CHECKS.map(async ({ name, script, args }) => {
      const words = [join(root, "node_modules", script), ...args];
      const { code, output } = await runProgram(process.execPath, words, {
        cwd: root,
        env: leanEnvironment(),
      });
      return { name, code, output };
    }),
  );
  const failed = outcomes.filter(({ code }) => code !== 0);
  for (const { name, output } of failed) console.log(`${name}:\n${output.trimEnd()}`);
  return failed.map(({ name }) => name);
}
