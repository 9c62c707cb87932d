// Loaded before kpod (node --require): writes what the call has opened and loaded into the file that KPOD_COSTS names.
"use strict";
const fs = require("node:fs");

const opened = [];
for (const name of ["openSync", "readFileSync", "readdirSync"]) {
  const original = fs[name];
  let inside = false;
  fs[name] = (path, ...rest) => {
    // Of functions that call each other, the outer one counts.
    if (!inside && typeof path === "string") opened.push(path);
    const outer = inside;
    inside = true;
    try {
      return original(path, ...rest);
    } finally {
      inside = outer;
    }
  };
}

const before = new Set(process.moduleLoadList);
process.on("exit", () => {
  const loaded = process.moduleLoadList.filter(
    (name) => !before.has(name) && /^NativeModule [^/]+(\/promises)?$/.test(name),
  );
  const modules = loaded.map((name) => name.replace("NativeModule ", ""));
  fs.writeFileSync(process.env.KPOD_COSTS, JSON.stringify({ opened, modules }));
});
