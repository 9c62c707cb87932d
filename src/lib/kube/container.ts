import type { ContainerOptions } from "../launch/container-options";
import type { LaunchPull } from "../launch/image";
import { parseSignal } from "../oci/signals";
import { tolerate } from "../errors";
import { keepContainer } from "./annotations";
import { expandText, readVariables, variablesOf, type Variable } from "./environment";
import type { PodFacts } from "./facts";
import { labelName, type Fields } from "./fields";
import type { ReferenceScope } from "./references";
import { limitsOf } from "./resources";
import { readContainerSecurity, type SecurityOptions } from "./security";
import type { KubeVolume } from "./volumes";

/** A volume in a container. */
export interface KubeMount {
  readonly volume: string;
  readonly containerPath: string;
  readonly readonly: boolean;
  readonly propagation: "rprivate" | "rslave" | "rshared";
  /** What of the volume is mounted; `$(NAME)` in it stands for variables where `expands` says so. */
  readonly subPath: string;
  readonly expands: boolean;
}

/** Init containers run to their end before the next is started, sidecars do not. */
export type ContainerKind = "init" | "sidecar" | "main";

/** A container of a pod, up to what only the pod itself can tell. */
export interface KubeContainer {
  readonly name: string;
  readonly kind: ContainerKind;
  readonly image: string;
  /** When its image is fetched; undefined where the file leaves it to others. */
  readonly pull: LaunchPull["when"] | undefined;
  readonly options: Omit<ContainerOptions, "name" | "image" | "command" | "entrypoint" | "env" | "volumes">;
  readonly variables: readonly Variable[];
  /** As the file has them, before variables are put in. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly mounts: readonly KubeMount[];
}

/** What of its pod a container is made with. */
export interface ContainerScope extends ReferenceScope {
  readonly volumes: readonly KubeVolume[];
  readonly security: SecurityOptions;
  /** Groups that all processes of the pod have, too. */
  readonly groups: readonly number[];
  readonly stopTimeout: number;
  readonly oomScore: (container: string) => number;
}

const nobodyProbes = "nobody probes here";
const nobodyHooks = "nobody calls hooks here";

/** Reads a container. @throws KpodError BAD_ARGUMENT */
export function readContainer(fields: Fields, kind: "init" | "main", scope: ContainerScope): KubeContainer {
  const name = labelName(fields);
  const variables = readVariables(fields, scope, name);
  const mounts = fields.objects("volumeMounts").map((mount) => readMount(mount, scope.volumes));
  const policy = fields.word("imagePullPolicy", ["Always", "IfNotPresent", "Never"]);
  const restart = fields.word("restartPolicy", ["Always", "OnFailure", "Never"]);
  const isSidecar = kind === "init" && restart === "Always";
  fields.leave(nobodyProbes, "livenessProbe", "readinessProbe", "startupProbe");
  fields.leave("nothing is resized here", "resizePolicy");
  fields.leave("nobody restarts containers here", "restartPolicyRules");
  if (fields.raw("volumeDevices") !== undefined)
    throw fields.bad(["volumeDevices"], "is a claim that nobody can meet here");
  fields.passOver("terminationMessagePath", "terminationMessagePolicy");
  const security = { ...scope.security, ...readContainerSecurity(fields.object("securityContext")) };
  const cwd = fields.text("workingDir") ?? "";
  const own = scope.resources.get(name) ?? { limits: {}, requests: {} };
  return {
    name,
    kind: isSidecar ? "sidecar" : kind,
    image: fields.requiredText("image"),
    pull:
      policy === undefined
        ? undefined
        : ({ Always: "always", IfNotPresent: "missing", Never: "never" } as const)[policy],
    options: {
      ...security,
      ...(scope.groups.length === 0 ? {} : { groups: scope.groups }),
      ...(cwd === "" ? {} : { cwd }),
      limits: limitsOf(own),
      oomScoreAdj: scope.oomScore(name),
      stopTimeout: scope.stopTimeout,
      ...stopSignalOf(fields),
      terminal: fields.flag("tty") === true,
      stdin: fields.flag("stdin") === true,
      stdinOnce: fields.flag("stdinOnce") === true,
      annotations: {
        "io.kubernetes.container.restartCount": "0",
        "io.kubernetes.container.terminationMessagePath":
          fields.text("terminationMessagePath") ?? "/dev/termination-log",
        "io.kubernetes.container.terminationMessagePolicy": fields.text("terminationMessagePolicy") ?? "File",
        "io.kubernetes.pod.terminationGracePeriod": String(scope.stopTimeout),
        ...portsAnnotation(fields),
        ...keepContainer({
          kind: isSidecar ? "sidecar" : kind,
          mounts: fields.objects("volumeMounts").map(plain),
          ...(fields.raw("resources") === undefined ? {} : { resources: fields.raw("resources") }),
        }),
      },
    },
    variables,
    command: fields.texts("command"),
    args: fields.texts("args"),
    mounts,
  };
}

function plain(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(fields.names().map((name) => [name, fields.raw(name)]));
}

function readMount(mount: Fields, volumes: readonly KubeVolume[]): KubeMount {
  const name = mount.requiredText("name");
  const volume = volumes.find((each) => each.name === name);
  if (volume === undefined) throw mount.bad(["name"], `names no volume of the pod: ${name}`);
  const containerPath = mount.requiredText("mountPath");
  if (!containerPath.startsWith("/") || containerPath.includes(":"))
    throw mount.bad(["mountPath"], `is ${JSON.stringify(containerPath)}, and must be absolute, without :`);
  const [plainPath, expression] = [mount.text("subPath") ?? "", mount.text("subPathExpr") ?? ""];
  const subPath = plainPath === "" ? expression : plainPath;
  if (subPath.startsWith("/") || subPath.split("/").includes(".."))
    throw mount.bad(["subPath"], `is ${JSON.stringify(subPath)}, and must lie below the volume`);
  mount.leave("mounts below a volume stay as they are", "recursiveReadOnly");
  const propagation = mount.word("mountPropagation", ["None", "HostToContainer", "Bidirectional"]) ?? "None";
  return {
    volume: name,
    containerPath,
    // What is written there would be gone with the next ConfigMap: the kubelet forbids it, too.
    readonly: mount.flag("readOnly") === true || volume.source.kind === "files",
    propagation: ({ None: "rprivate", HostToContainer: "rslave", Bidirectional: "rshared" } as const)[
      propagation
    ],
    subPath,
    expands: plainPath === "" && expression !== "",
  };
}

function stopSignalOf(fields: Fields): Pick<ContainerOptions, "stopSignal"> {
  const lifecycle = fields.object("lifecycle");
  if (lifecycle === undefined) return {};
  lifecycle.leave(nobodyHooks, "postStart", "preStop");
  const signal = lifecycle.text("stopSignal") ?? "";
  if (signal === "") return {};
  if (tolerate(undefined, () => parseSignal(signal)) === undefined)
    throw lifecycle.bad(["stopSignal"], `is ${signal}, which is no signal`);
  return { stopSignal: signal };
}

/** As the kubelet notes them, who reads them back after its restart. */
function portsAnnotation(fields: Fields): Record<string, string> {
  const ports = fields.objects("ports").map(plain);
  return ports.length === 0 ? {} : { "io.kubernetes.container.ports": JSON.stringify(ports) };
}

/** What a container is made with, once its pod is there. */
export function containerOptions(
  { name, image, options, variables, command, args }: KubeContainer,
  pod: PodFacts,
): ContainerOptions {
  const values = variablesOf(variables, pod);
  const expanded = (words: readonly string[]): string[] => words.map((word) => expandText(word, values));
  return {
    ...options,
    name,
    image,
    ...(command.length === 0 ? {} : { entrypoint: expanded(command) }),
    command: expanded(args),
    env: [...values].map(([variable, value]) => `${variable}=${value}`),
  };
}
