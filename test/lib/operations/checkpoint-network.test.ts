import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { testdir } from "../../helpers/testdir";

test("where the kernel has no IPv6, ip6tables is not asked for the lock of criu", () => {
  const failing = "#!/bin/sh\necho cannot initialize >&2\nexit 1\n";
  const names = ["ip6tables-save", "ip6tables-restore"];
  const programs = testdir(Object.fromEntries(names.map((name) => [name, failing])));
  for (const name of names) chmodSync(join(programs, name), 0o755);
  const unlock = join(__dirname, "../../../src/lib/operations/checkpoint-network.ts");
  const script = `
    const namespaces = [{ type: "network", path: "/proc/self/ns/net" }];
    const logger = { debug() {}, warn: (message) => console.log(message) };
    const lists = { getSandbox() {} };
    require(${JSON.stringify(unlock)}).unlockNetwork({ logger, lists }, { name: "web", spec: { linux: { namespaces } } });`;
  const typescript = require.resolve("../../helpers/require-typescript.cjs");
  const node = [process.execPath, "--require", typescript, "-e", script];
  const env = { ...process.env, PATH: `${programs}:${process.env.PATH ?? ""}` };
  const unshared = ["--net", "--mount", "--propagation", "private", "sh", "-c"];
  const warnings = (before: string): string =>
    execFileSync("unshare", [...unshared, `${before} exec "$@"`, "sh", ...node], { encoding: "utf8", env });
  expect(warnings("")).toBe(
    "the network of web stays as criu has locked it: ip6tables-save does not tell the rules: cannot initialize\n",
  );
  expect(warnings("mount -t tmpfs none /proc/sys/net &&")).toBe("");
});
