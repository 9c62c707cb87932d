// Lets jest run TypeScript and ES modules: esbuild turns each file into CommonJS.
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { transformSync, version } = require("esbuild");

const own = readFileSync(require.resolve("./transform.cjs"));

module.exports = {
  process(source, path) {
    return transformSync(source, {
      loader: path.endsWith(".ts") ? "ts" : "js",
      format: "cjs",
      target: "node20",
      // Jest runs modules in a context of its own, where import() is not to be had.
      supported: { "dynamic-import": false },
      platform: "node",
      sourcemap: "inline",
      sourcefile: path,
      define: { KPOD_VERSION: JSON.stringify("0.0.0-test") },
    });
  },
  // Without it jest would keep what an older version of this file made.
  getCacheKey(source, path) {
    return createHash("sha256").update(own).update(version).update(path).update(source).digest("hex");
  },
};
