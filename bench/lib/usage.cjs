// Loaded before a program that is measured (node --require): tells on descriptor 3 what the process has used.
"use strict";
const { writeSync } = require("node:fs");

process.on("exit", () => {
  const { user, system } = process.cpuUsage();
  const modules = process.moduleLoadList.filter((name) => name.startsWith("NativeModule "));
  const usage = {
    cpuMs: (user + system) / 1000,
    maxRssKb: process.resourceUsage().maxRSS,
    startsProcesses: modules.includes("NativeModule child_process"),
  };
  writeSync(3, JSON.stringify(usage));
});
