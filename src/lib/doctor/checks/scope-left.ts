import { failedScopes, type FailedScope } from "../../cgroups/systemd-failed";
import { locateState, stateRoots } from "../../oci/runtime/location";
import type { Check } from "../check";
import type { Facts } from "../facts";
import { noContainer } from "../facts/record-files";
import { containerIds } from "../facts/store";
import { mendBySteps, type Found } from "../finding";

export const check: Check = {
  id: "proc.scope-left",
  rank: 170,
  severity: "leaks",
  about: `systemd keeps a scope of a container, or of its conmon, that has failed (\`crio-ID.scope\`, \`crio-conmon-ID.scope\`), and neither
the store nor a runtime has the container: each one slows down who lists units, and thousands make systemd slow. Looked at
where the cgroup manager is systemd. Offered is \`systemctl reset-failed\` of exactly these.`,
  quick: false,
  live: true,
  asks: [scopesOfSystemd],
  find: findLeftScopes,
};

function scopesOfSystemd({ server: { config, logger } }: Facts): Promise<readonly FailedScope[]> {
  return config.cgroupManager === "systemd" ? failedScopes(logger) : Promise.resolve([]);
}

async function findLeftScopes(facts: Facts): Promise<readonly Found[]> {
  const { config } = facts.server;
  const scopes = await facts.get(scopesOfSystemd);
  const known = await facts.get(containerIds);
  const roots = stateRoots(config);
  return scopes
    .filter(({ id }) => !known.has(id) && locateState(roots, id) === undefined)
    .map(({ unit, id }): Found => ({
      severity: "leaks",
      object: { kind: "cgroup", id, name: unit },
      key: unit,
      evidence: [
        { file: "systemctl list-units", says: `has ${unit}, which has failed` },
        ...noContainer(facts, "has no container of this id"),
      ],
      consequence: "systemd keeps the unit until the next boot",
      mend: mendBySteps("S", "remove it from systemd's list", [{ do: "reset-failed", unit }]),
    }));
}
