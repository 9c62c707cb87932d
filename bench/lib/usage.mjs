// Run by the engine of the executable, which tells what a child has used, whichever program it is: the words are its
// command line. Prints JSON.
const { exitCode, resourceUsage, stderr } = Bun.spawnSync(process.argv.slice(2), {
  stdin: "ignore",
  stdout: "pipe",
  stderr: "pipe",
});
const { cpuTime, maxRSS } = resourceUsage;
const usage = { cpuMs: Number(cpuTime.total) / 1000, rssKb: maxRSS / 1024 };
console.log(JSON.stringify({ exitCode, stderr: stderr.toString(), ...usage }));
