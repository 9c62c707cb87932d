import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(__dirname, "../..");

/** The modules in directories that no compiler looks at. */
function modules(): string[] {
  return ["scripts", "bench"].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".mjs"))
      .map((name) => join(root, directory, name)),
  );
}

test("what the scripts and the benchmark import is there", () => {
  const missing = modules().flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+\.mjs)"/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !existsSync(join(dirname(path), name)))
      .map((name) => `${relative(root, path)} imports ${name}`),
  );
  expect(modules().length).toBeGreaterThan(20);
  expect(missing).toEqual([]);
});
