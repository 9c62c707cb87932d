import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as library from "../../src/lib/index";
import { testdir } from "../helpers/testdir";

const root = join(__dirname, "../..");
const table = readFileSync(join(root, "docs/libkpod.md"), "utf8");
const entry =
  readFileSync(join(root, "src/lib/index.ts"), "utf8") +
  readFileSync(join(root, "src/lib/config/index.ts"), "utf8");

/** The names of the middle column: what each name of libkpod is called here. */
const names = [...table.matchAll(/^\|[^|]+\|\s*`([\w.]+)`\s*\|/gm)].map(([, name = ""]) => name);

test("the table has all names of libkpod's documentation", () => {
  expect(names.length).toBeGreaterThan(75);
});

test.each(names.filter((name) => !name.includes(".")))("%s is exported from the package", (name) => {
  // Types leave no trace at run time; the compiler has checked that what the entry names is there.
  expect(name in library || new RegExp(`\\b${name}\\b`).test(entry)).toBe(true);
});

test.each(names.filter((name) => name.includes(".")))("%s is there", (name) => {
  const [type = "", member = ""] = name.split(".");
  const config = library.defaultConfig();
  config.root = testdir({});
  const instance = type === "Config" ? config : new library.ContainerServer(config);
  expect(member in instance).toBe(true);
});
