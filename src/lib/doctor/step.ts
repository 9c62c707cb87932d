import { dirname, join } from "node:path";
import type { StorageId } from "../names/ids";
import type { IptablesTarget } from "../network/iptables-ports";
import { nftDeletion, type NftTarget } from "../network/nftables-ports";
import type { TemporaryPlace } from "../storage/temp-directories";
import { quoted } from "./quoted";

/**
 * One step of a mending, as data: it is written to the journal before it is done, and can be done again or rolled back by
 * whoever reads that. Doing it twice is the same as once.
 */
export type MendStep =
  /** Makes a symbolic link, in the place of whatever is there. */
  | { readonly do: "link"; readonly path: string; readonly target: string }
  /** Writes a file, in the place of whatever is there. */
  | { readonly do: "write"; readonly path: string; readonly text: string; readonly mode: number }
  /** Makes a directory, in the place of whatever else is there. */
  | { readonly do: "directory"; readonly path: string; readonly mode: number }
  /** Removes a directory with all in it, which nothing may be mounted in. */
  | { readonly do: "remove-tree"; readonly path: string; readonly place: TemporaryPlace }
  /** Removes a file or a link. */
  | { readonly do: "remove"; readonly path: string }
  /** Unmounts what nobody uses: never lazily. */
  | { readonly do: "unmount"; readonly path: string }
  /** Kills a process, and no other that bears its pid by then. */
  | { readonly do: "kill"; readonly pid: number; readonly startTime: string }
  /** Moves what is in a directory into another one beside it, which is made; the directory itself stays. */
  | { readonly do: "move-aside"; readonly path: string; readonly to: string }
  /** Thaws a cgroup that is frozen by itself. */
  | { readonly do: "thaw"; readonly cgroup: string }
  /** Removes a cgroup with those below it, in which no process is. */
  | { readonly do: "remove-cgroup"; readonly cgroup: string }
  /** Changes fields of a record. */
  | {
      readonly do: "change-record";
      readonly file: string;
      readonly id: StorageId;
      readonly fields: Readonly<{ metadata: string }>;
    }
  /** Adds a record at the end of a file of records. */
  | { readonly do: "add-record"; readonly file: string; readonly record: Readonly<Record<string, unknown>> }
  /** Removes an image's record, and its manifest and configuration; its layers stay. */
  | { readonly do: "drop-image"; readonly file: string; readonly directory: string; readonly id: StorageId }
  /** Removes a layer that nobody stands on: record and directory. */
  | {
      readonly do: "delete-layer";
      readonly layer: StorageId;
      /** Which file has its record, and what is there of it. */
      readonly file: string | undefined;
      readonly paths: readonly string[];
    }
  /** Removes the lease of an address, under the lock of host-local, as long as it is that of this container. */
  | { readonly do: "remove-lease"; readonly path: string; readonly id: string }
  | OutsideStep;

/** A step that asks a runtime, ends processes, or takes long: the locks of the store are not held for it. */
export type OutsideStep =
  /** Removes a container or pod that has ended, with all that the store has of it. */
  | { readonly do: "delete-container"; readonly id: StorageId; readonly pod?: true }
  /** Removes a pod with its containers, which are killed. */
  | { readonly do: "delete-pod"; readonly id: string }
  /** Removes what a runtime and conmon still have of a container without a record. */
  | { readonly do: "delete-orphan"; readonly id: string }
  /** Stops a container, or a pod with its containers. */
  | { readonly do: "stop"; readonly id: string; readonly pod: boolean }
  /** Kills the processes in the cgroups of a container that nobody knows, and removes these. */
  | { readonly do: "end-processes"; readonly id: string; readonly pids: readonly number[] }
  /** Has systemd remove a scope that has failed from its list. */
  | { readonly do: "reset-failed"; readonly unit: string }
  /** Deletes rules of iptables that lead ports of the host to a pod, with their chain. */
  | ({ readonly do: "delete-iptables" } & IptablesTarget)
  /** Deletes what leads ports of the host to a pod in a table of nftables. */
  | ({ readonly do: "delete-nftables" } & NftTarget)
  /** Removes what containers that are gone have left in a directory by thousands. */
  | ({ readonly do: "remove-debris" } & Debris)
  /** Has the plugins of a network take down what they have set up for a pod that is gone. */
  | ({ readonly do: "detach-network" } & DetachTarget);

/** What is cached of a pod in a network, and who is called to take it down. */
export interface DetachTarget {
  /** The file of libcni's cache. */
  readonly path: string;
  readonly id: string;
  readonly network: string;
  readonly ifName: string;
  /** "" where it is gone. */
  readonly netns: string;
  /** The types of the plugins, in the order of the network. */
  readonly plugins: readonly string[];
  readonly pluginDirs: readonly string[];
}

/** What containers that are gone have left. */
export interface Debris {
  readonly directory: string;
  readonly kind: "exit-files" | "attach-links";
  /** Milliseconds since 1970: exit files that were written later may still be waited for. */
  readonly before: number;
}

const outside: Readonly<Record<OutsideStep["do"], true>> = {
  "delete-container": true,
  "delete-pod": true,
  "delete-orphan": true,
  stop: true,
  "end-processes": true,
  "reset-failed": true,
  "delete-iptables": true,
  "delete-nftables": true,
  "remove-debris": true,
  "detach-network": true,
};

/** True for a step for which the locks of the store are not held. */
export function isOutside(step: MendStep): step is OutsideStep {
  return step.do in outside;
}

/** The commands by which somebody does the same by hand. */
export function commandsOf(steps: readonly MendStep[]): string[] {
  return steps.flatMap(commandOf);
}

function commandOf(step: MendStep): string[] {
  switch (step.do) {
    case "link":
      return [`ln -sfn ${quoted(step.target)} ${quoted(step.path)}`];
    case "write":
      return [`printf %s ${quoted(step.text)} >${quoted(step.path)}`];
    case "directory":
      return [`mkdir -m ${step.mode.toString(8)} ${quoted(step.path)}`];
    case "remove-tree":
      return [`rm -r --one-file-system ${quoted(step.path)}`];
    case "remove":
      return [`rm ${quoted(step.path)}`];
    case "unmount":
      return [`umount ${quoted(step.path)}`];
    case "kill":
      return [`kill -KILL ${step.pid}`];
    case "move-aside":
      return [
        `mkdir -m 700 ${quoted(step.to)} && find ${quoted(step.path)} -mindepth 1 -maxdepth 1 -exec mv -t ${quoted(step.to)} {} +`,
      ];
    case "thaw": {
      const isFirstVersion = step.cgroup.includes("/freezer/");
      const file = quoted(`${step.cgroup}/${isFirstVersion ? "freezer.state" : "cgroup.freeze"}`);
      return [`echo ${isFirstVersion ? "THAWED" : "0"} >${file}`];
    }
    case "remove-cgroup":
      return [`find ${quoted(step.cgroup)} -depth -type d -exec rmdir {} +`];
    case "change-record":
      return [
        editCommand(
          step.file,
          `map(if .id == ${JSON.stringify(step.id)} then . + ${JSON.stringify(step.fields)} else . end)`,
        ),
      ];
    case "add-record":
      return [editCommand(step.file, `. + [${JSON.stringify(step.record)}]`)];
    case "drop-image":
      return [dropCommand(step.file, step.id), `rm -r ${quoted(step.directory)}`];
    case "delete-layer":
      return [
        ...(step.file === undefined ? [] : [dropCommand(step.file, step.layer)]),
        ...step.paths.map((path) => `rm -r --one-file-system ${quoted(path)}`),
      ];
    case "remove-lease":
      return [`flock ${quoted(join(dirname(step.path), "lock"))} rm ${quoted(step.path)}`];
    case "delete-container":
      return [`kpod ${step.pod === true ? "pod rm" : "rm"} -f ${step.id.slice(0, 13)}`];
    case "delete-orphan":
      return [`kpod rm -f ${step.id.slice(0, 13)}`];
    case "delete-pod":
      return [`kpod pod rm -f ${step.id.slice(0, 13)}`];
    case "stop":
      return [`kpod ${step.pod ? "pod stop" : "stop"} ${step.id.slice(0, 13)}`];
    case "end-processes":
      return [`kill -KILL ${step.pids.join(" ")}`];
    case "reset-failed":
      return [`systemctl reset-failed ${quoted(step.unit)}`];
    case "delete-iptables": {
      const table = `${step.program} -w -t nat`;
      return [
        ...step.rules.map((rule) => `${table} -D ${rule}`),
        `${table} -F ${step.chain}`,
        `${table} -X ${step.chain}`,
      ];
    }
    case "delete-nftables":
      return step.entries.map((entry) => `nft ${quoted(nftDeletion(step, entry))}`);
    case "detach-network":
      return detachCommands(step);
    case "remove-debris":
      return [
        step.kind === "exit-files"
          ? `find ${quoted(step.directory)} -maxdepth 1 -type f -mmin +10 -delete`
          : `find ${quoted(step.directory)} -maxdepth 1 -xtype l -delete`,
      ];
  }
}

/** As libcni calls them: the last one first, each with its own part of the configuration that is cached. */
function detachCommands({ path, id, ifName, netns, plugins, pluginDirs }: DetachTarget): string[] {
  const variables = [
    `CNI_COMMAND=DEL CNI_CONTAINERID=${quoted(id)} CNI_NETNS=${quoted(netns)} CNI_IFNAME=${quoted(ifName)}`,
    `CNI_PATH=${quoted(pluginDirs.join(":"))}`,
  ].join(" ");
  return plugins
    .map((type, index) => {
      const filter =
        `(.config | @base64d | fromjson) as $list | ($list.plugins[${index}]? // $list) + {name: $list.name, ` +
        "cniVersion: $list.cniVersion, prevResult: .result, runtimeConfig: (.capabilityArgs // {})}";
      const program = quoted(join(pluginDirs[0] ?? "", type));
      return `jq ${quoted(filter)} ${quoted(path)} | ${variables} ${program}`;
    })
    .reverse();
}

function dropCommand(file: string, id: string): string {
  return editCommand(file, `map(select(.id != ${JSON.stringify(id)}))`);
}

/** Nobody but who holds the locks may do so while CRI-O runs: by hand it has to be stopped. */
function editCommand(file: string, filter: string): string {
  const path = quoted(file);
  return `jq -c ${quoted(filter)} ${path} >${quoted(`${file}.new`)} && mv ${quoted(`${file}.new`)} ${path}`;
}
