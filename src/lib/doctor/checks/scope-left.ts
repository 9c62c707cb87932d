import { isStorageId } from "../../names/ids";
import { locateState, stateRoots } from "../../oci/runtime/location";
import { findExecutable } from "../../system/executable";
import { runProgram } from "../../system/run-program";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { containerIds } from "../facts/store";
import type { Found } from "../finding";

export const check: Check = {
  id: "proc.scope-left",
  rank: 170,
  severity: "leaks",
  about: `systemd keeps a scope of a container, or of its conmon, that has failed (\`crio-ID.scope\`, \`crio-conmon-ID.scope\`), and neither
the store nor a runtime has the container: each one slows down who lists units, and thousands make systemd slow. Looked at
where the cgroup manager is systemd. Offered is \`systemctl reset-failed\` of exactly these.`,
  quick: false,
  live: true,
  find: findLeftScopes,
};

async function findLeftScopes(facts: Facts, unsure: (why: string) => void): Promise<readonly Found[]> {
  const { config, store } = facts.server;
  if (config.cgroupManager !== "systemd") return [];
  const words = [
    "list-units",
    "--all",
    "--plain",
    "--no-legend",
    "--full",
    "--type=scope",
    "--state=failed",
    "crio-*",
  ];
  const { failed, stdout, stderr } = await runProgram(findExecutable("", "systemctl") ?? "systemctl", words, {
    interrupted: "the look at the units of systemd was interrupted",
    signal: undefined,
    logger: facts.server.logger,
  });
  if (failed) {
    unsure(`systemctl does not tell which units there are: ${stderr.split("\n")[0] ?? ""}`);
    return [];
  }
  const known = await facts.get(containerIds);
  const roots = stateRoots(config);
  return stdout.split("\n").flatMap((line): Found[] => {
    const [unit = "", id] = /crio-(?:conmon-)?([0-9a-f]{64})\.scope/.exec(line) ?? [];
    if (!isStorageId(id) || known.has(id) || locateState(roots, id) !== undefined) return [];
    return [
      {
        severity: "leaks",
        object: { kind: "cgroup", id, name: unit },
        key: unit,
        evidence: [
          { file: "systemctl list-units", says: `has ${unit}, which has failed` },
          { file: store.layout.containersFiles[0], says: "has no container of this id" },
        ],
        consequence: "systemd keeps the unit until the next boot",
        mend: { class: "S", what: "have systemd forget it", commands: [`systemctl reset-failed ${unit}`] },
      },
    ];
  });
}
