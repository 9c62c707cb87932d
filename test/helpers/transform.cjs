// Lets jest run TypeScript and ES modules: esbuild turns each file into CommonJS.
const { transformSync } = require("esbuild");

module.exports = {
  process(source, path) {
    return transformSync(source, {
      loader: path.endsWith(".ts") ? "ts" : "js",
      format: "cjs",
      target: "node20",
      platform: "node",
      sourcemap: "inline",
      sourcefile: path,
      define: { KPOD_VERSION: JSON.stringify("0.0.0-test") },
    });
  },
};
