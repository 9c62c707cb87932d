// Lets a plain node of a test run TypeScript: `node --require require-typescript.cjs script.ts`.
const { readFileSync } = require("node:fs");
const transform = require("./transform.cjs");

require.extensions[".ts"] = (module, path) => {
  module._compile(transform.process(readFileSync(path, "utf8"), path).code, path);
};
