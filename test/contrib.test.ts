import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../scripts/lib/layout.mjs";
import { chosenFindings } from "../src/lib/doctor/choose";
import { promView } from "../src/commands/doctor/prom";
import { runProcess } from "./helpers/process";

const contrib = join(__dirname, "../contrib");

interface Rules {
  readonly pluginConfig: { readonly timeout: string; readonly max_output_length: number };
  readonly conditions: readonly { readonly type: string }[];
  readonly rules: readonly {
    readonly type: "permanent" | "temporary";
    readonly condition?: string;
    readonly args: readonly string[];
    readonly timeout: string;
  }[];
}

test("the rules of node-problem-detector call checks that there are, in time, for conditions that are named", () => {
  const text = readFileSync(join(contrib, "node-problem-detector/kpod.json"), "utf8");
  const { pluginConfig, conditions, rules } = JSON.parse(text) as Rules;
  expect(pluginConfig.max_output_length).toBe(80);
  expect(rules.flatMap(({ condition }) => condition ?? [])).toEqual(conditions.map(({ type }) => type));
  for (const { type, condition, args, timeout } of rules) {
    expect(condition === undefined).toBe(type === "temporary");
    expect(parseInt(timeout)).toBeLessThanOrEqual(parseInt(pluginConfig.timeout));
    const words = args.filter((word) => !word.startsWith("-") && word !== "doctor" && word !== "npd");
    expect(args.filter((word) => word.startsWith("-"))).toContain("--format");
    // With --quick none may be left that is not made then.
    const { checks } = chosenFindings(words);
    expect(checks.some(({ quick }) => quick || !args.includes("--quick"))).toBe(true);
  }
});

const promtool = findProgram("promtool");

// Debian has it in the package prometheus, which is too large to be installed for this alone.
(promtool === undefined ? test.skip : test)("Prometheus takes the metrics as they are written", async () => {
  const { checks } = chosenFindings([]);
  const examination = {
    ...{ sound: true, checks: checks.map(({ id }) => id), unknown: [], findings: [] },
    forecast: { action: "none", why: [], bytes: 0 },
  } as const;
  const samples = [{ labels: { network: 'a "b" \\\n' }, value: 3 }];
  const measures = [{ name: "kpod_cni_range_addresses", help: "Addresses that a network has.", samples }];
  const text = promView(examination, measures, { began: Date.now(), checks });
  const { exitCode, stdout, stderr } = await runProcess("sh", [
    "-c",
    'printf %s "$1" | "$2" check metrics',
    "sh",
    text,
    promtool ?? "",
  ]);
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: "", stderr: "" });
});

// As above: where that package is not there, nobody can say.
(promtool === undefined ? test.skip : test)("Prometheus takes the rules for alerts", async () => {
  const rules = join(contrib, "prometheus/alerts.yaml");
  const { exitCode, stdout } = await runProcess(promtool ?? "", ["check", "rules", rules]);
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringContaining("6 rules found") as string,
  });
});

test("alerts and the dashboard name metrics that there are", () => {
  const names = ["prometheus/alerts.yaml", "prometheus/dashboard.json"].flatMap(
    (file) => readFileSync(join(contrib, file), "utf8").match(/\bkpod_[a-z_]+\b/g) ?? [],
  );
  const readme = readFileSync(join(contrib, "../README.md"), "utf8");
  const known = new Set(readme.match(/^\| `(kpod_[a-z_]+)/gm)?.map((text) => text.slice(3)));
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !known.has(name))).toEqual([]);
});

const systemdAnalyze = findProgram("systemd-analyze");

// A machine without systemd has nobody who reads them.
(systemdAnalyze === undefined ? test.skip : test)("systemd takes the service and its timer", async () => {
  const units = ["kpod-doctor.service", "kpod-doctor.timer"].map((name) => join(contrib, "systemd", name));
  const { stdout, stderr } = await runProcess(systemdAnalyze ?? "", ["verify", "--man=no", ...units]);
  const said = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("kpod-doctor"));
  // On this machine there is no kpod at that place.
  expect(said.filter((line) => !line.includes("/usr/bin/kpod"))).toEqual([]);
});
