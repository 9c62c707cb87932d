// Pods with and without a network, and what the plugin of that network takes by itself, all in a network namespace that
// stands for the host's.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../../scripts/lib/run.mjs";
import { kpodWorld } from "./worlds.mjs";

const PLUGINS = "/usr/lib/cni";
const NETWORK = "bench";

/** The node whose pods get a network. */
export async function networkWorld(name) {
  const settings = { "crio.network": { plugin_dirs: [PLUGINS] } };
  const world = await kpodWorld(name, { running: 1, stopped: 0, settings });
  const { directory, networkDir } = world.layout;
  const host = join(directory, "host-network");
  if (!existsSync(host)) {
    writeFileSync(host, "");
    await runProgram("unshare", [`--net=${host}`, "ip", "link", "set", "lo", "up"]);
  }
  mkdirSync(networkDir, { recursive: true });
  const list = { cniVersion: "1.0.0", name: NETWORK, plugins: [bridge(directory)] };
  writeFileSync(join(networkDir, "bench.conflist"), JSON.stringify(list));
  return { ...world, host };
}

function bridge(directory) {
  const ipam = {
    type: "host-local",
    dataDir: join(directory, "leases"),
    ranges: [[{ subnet: "10.77.0.0/16" }]],
  };
  return { type: "bridge", bridge: NETWORK, isGateway: true, ipMasq: true, ipam };
}

/** A pod on the bridge, and one without a network. */
export function podCommands({ host, layout, command }, engine) {
  const within = (...words) => {
    const { program, args, ...rest } = command(engine, ...words);
    return { ...rest, program: "nsenter", args: [`--net=${host}`, program, ...args] };
  };
  const pod = (name, network) => ({
    ...within("pod", "run", "--name", name, "--network", network, "--cgroup-parent", layout.cgroupParent),
    after: within("pod", "rm", "--force", name),
  });
  return { podBridge: pod("bench-bridge", NETWORK), podAlone: pod("bench-alone", "none") };
}

/** The plugin for a network namespace that is as good as a pod's. */
export function pluginCommand({ host, layout }) {
  const { directory } = layout;
  const netns = join(directory, "plugin-network");
  const input = join(directory, "plugin.json");
  writeFileSync(input, JSON.stringify({ cniVersion: "1.0.0", name: NETWORK, ...bridge(directory) }));
  const call = (CNI_COMMAND) => ({
    program: "nsenter",
    args: [`--net=${host}`, "sh", "-c", `exec ${PLUGINS}/bridge < "$0"`, input],
    environment: {
      ...{ CNI_COMMAND, CNI_CONTAINERID: "b".repeat(64), CNI_NETNS: netns, CNI_IFNAME: "eth0" },
      CNI_PATH: PLUGINS,
    },
  });
  const shell = (script) => ({ program: "sh", args: ["-c", script, netns] });
  return {
    ...call("ADD"),
    before: shell('touch "$0" && unshare --net="$0" true'),
    after: { ...call("DEL"), after: shell('umount "$0" && rm "$0"') },
  };
}
