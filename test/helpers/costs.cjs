// Loaded before kpod (node --require): writes which of node's own modules the call has loaded into the file that
// KPOD_COSTS names.
"use strict";
const { writeFileSync } = require("node:fs");

const before = new Set(process.moduleLoadList);
process.on("exit", () => {
  const loaded = process.moduleLoadList.filter(
    (name) => !before.has(name) && /^NativeModule [^/]+(\/promises)?$/.test(name),
  );
  writeFileSync(
    process.env.KPOD_COSTS,
    JSON.stringify(loaded.map((name) => name.replace("NativeModule ", ""))),
  );
});
