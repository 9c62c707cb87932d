import { isIP } from "node:net";
import type { PodOptions } from "../launch/plan-pod";
import type { PortMapping } from "../sandbox/sandbox";
import { keepPod } from "./annotations";
import { readContainer, type ContainerScope, type KubeContainer } from "./container";
import type { DataObjects } from "./data-objects";
import type { NodeFacts } from "./facts";
import { labelName, type Fields } from "./fields";
import type { PodIdentity, ReferenceScope } from "./references";
import { oomScoreOf, readResources } from "./resources";
import { readSecurityOptions } from "./security";
import { readVolumes, type KubeVolume } from "./volumes";

/** A pod as a file wants it, translated to what kpod launches. */
export interface KubePod {
  readonly name: string;
  readonly namespace: string;
  readonly pod: PodOptions;
  /** On which ports of the host its containers listen, where it is on the host's network. */
  readonly portsOfHost: readonly PortMapping[];
  /** The group that volumes are given to. */
  readonly fsGroup: number | undefined;
  readonly volumes: readonly KubeVolume[];
  /** In the order in which they are started: those that run to their end first. */
  readonly containers: readonly KubeContainer[];
}

const nobodySchedules = "nobody schedules here";
const nobodyRestarts = "nobody restarts containers here";

/** What only the API server and the scheduler read. */
const ofScheduler = [
  "affinity",
  "nodeSelector",
  "overhead",
  "preemptionPolicy",
  "readinessGates",
  "resourceClaims",
  "schedulerName",
  "schedulingGates",
  "tolerations",
  "topologySpreadConstraints",
];

/**
 * Translates a pod of Kubernetes to what kpod launches. Nothing is looked up on the node but what stands in `node`.
 * @param meta its metadata; a template's has no name of its own
 * @throws KpodError BAD_ARGUMENT with file, line and field
 */
export function translatePod(
  spec: Fields,
  meta: { readonly name: string; readonly namespace: string; readonly fields: Fields },
  { node, objects }: { readonly node: NodeFacts; readonly objects: DataObjects },
): KubePod {
  const { name, namespace } = meta;
  const labels = meta.fields.textMap("labels");
  const annotations = meta.fields.textMap("annotations");
  const hostNetwork = spec.flag("hostNetwork") === true;
  const serviceAccount = spec.text("serviceAccountName") ?? spec.text("serviceAccount") ?? "";
  const identity: PodIdentity = { name, namespace, labels, annotations, serviceAccount, hostNetwork };
  const kinds = [
    ["init", "initContainers"],
    ["main", "containers"],
  ] as const;
  const listed = kinds.flatMap(([kind, field]) => spec.objects(field).map((fields) => ({ kind, fields })));
  if (!listed.some(({ kind }) => kind === "main")) throw spec.bad(["containers"], "names no container");
  const resources = new Map<string, ReturnType<typeof readResources>>();
  for (const { fields } of listed) {
    const container = labelName(fields);
    if (resources.has(container)) throw fields.bad(["name"], `is the second of the name ${container}`);
    resources.set(container, readResources(fields));
  }
  const scope: ReferenceScope = { pod: identity, node, objects, resources };
  const volumes = readVolumes(spec, scope);
  const context = spec.object("securityContext");
  const fsGroup = context?.id("fsGroup");
  const groups = [...(context?.ids("supplementalGroups") ?? []), ...(fsGroup === undefined ? [] : [fsGroup])];
  context?.passOver("fsGroupChangePolicy", "supplementalGroupsPolicy", "seLinuxChangePolicy");
  const isCritical = /^system-(node|cluster)-critical$/.test(spec.text("priorityClassName") ?? "");
  const all = [...resources.values()];
  const containerScope: ContainerScope = {
    ...scope,
    volumes,
    security: readSecurityOptions(context),
    groups,
    stopTimeout: spec.integer("terminationGracePeriodSeconds") ?? 30,
    oomScore: (container) =>
      oomScoreOf(resources.get(container) ?? { limits: {}, requests: {} }, all, isCritical, node),
  };
  const containers = listed.map(({ kind, fields }) => readContainer(fields, kind, containerScope));
  leaveToOthers(spec);
  const ports = listed.flatMap(({ fields }) => readPorts(fields, hostNetwork));
  const handler = spec.text("runtimeClassName");
  const hostname = spec.text("hostname");
  return {
    name,
    namespace,
    fsGroup,
    volumes,
    containers,
    portsOfHost: hostNetwork ? ports : [],
    pod: {
      name,
      namespace,
      labels,
      annotations: {
        ...annotations,
        ...keepPod({ volumes: volumes.map(({ definition }) => definition), spec: kept(spec), fsGroup }),
      },
      privileged: containers.some(({ options }) => options.privileged === true),
      ...(hostNetwork ? { network: "host" } : {}),
      ...(hostname === undefined || hostNetwork ? {} : { hostname }),
      ...(handler === undefined ? {} : { runtimeHandler: handler }),
      portMappings: hostNetwork ? [] : ports,
      ...(hasOwnUsers(spec) ? { userns: { size: usersOfPod } } : {}),
      pid: pidOf(spec),
      ipc: spec.flag("hostIPC") === true ? "node" : "pod",
      dns: readDns(spec),
      hostAliases: spec.objects("hostAliases").map((alias) => ({
        ip: alias.requiredText("ip"),
        hostnames: alias.texts("hostnames"),
      })),
      sysctls: Object.fromEntries(
        (context?.objects("sysctls") ?? []).map((entry) => [
          entry.requiredText("name"),
          entry.requiredText("value"),
        ]),
      ),
    },
  };
}

/** Fields that have no meaning without a cluster, or of which nothing on the node would tell later. */
function leaveToOthers(spec: Fields): void {
  spec.leave(nobodySchedules, ...ofScheduler);
  // What every pod of an API server has says nothing of the wishes of a user.
  spec.passOver(
    "nodeName",
    "priority",
    "priorityClassName",
    "enableServiceLinks",
    "automountServiceAccountToken",
    "os",
  );
  spec.passOver("imagePullSecrets", "ephemeralContainers");
  spec.leave("the cluster's DNS knows no pods of kpod", "subdomain", "setHostnameAsFQDN");
  spec.leave("nobody looks at the clock here", "activeDeadlineSeconds");
  spec.leave("limits are those of containers", "resources");
  const restart = spec.word("restartPolicy", ["Always", "OnFailure", "Never"]) ?? "Always";
  if (restart !== "Never") spec.leave(nobodyRestarts, "restartPolicy");
}

/** What is not to be found out again of what runs. */
function kept(spec: Fields): Record<string, unknown> {
  const names = [
    "restartPolicy",
    "serviceAccountName",
    "priorityClassName",
    "dnsPolicy",
    "dnsConfig",
    "hostAliases",
  ];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = spec.raw(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** As many as the kubelet gives one. */
const usersOfPod = 65_536;

/** Whether its root is to be nobody on the node. */
function hasOwnUsers(spec: Fields): boolean {
  if (spec.flag("hostUsers") !== false) return false;
  for (const field of ["hostNetwork", "hostPID", "hostIPC"])
    if (spec.flag(field) === true) throw spec.bad([field], "is true, and hostUsers is false");
  return true;
}

function pidOf(spec: Fields): NonNullable<PodOptions["pid"]> {
  const host = spec.flag("hostPID") === true;
  const shared = spec.flag("shareProcessNamespace") === true;
  if (host && shared) throw spec.bad(["shareProcessNamespace"], "is true, and hostPID, too");
  return host ? "node" : shared ? "pod" : "container";
}

/** The ports of the host that lead to a container, or on which it listens itself. */
function readPorts(container: Fields, hostNetwork: boolean): PortMapping[] {
  return container.objects("ports").flatMap((port): PortMapping[] => {
    port.passOver("name");
    const containerPort = portNumber(port, "containerPort");
    const hostPort = portNumber(port, "hostPort");
    const protocol = (port.word("protocol", ["TCP", "UDP", "SCTP"]) ?? "TCP").toLowerCase();
    const hostIp = port.text("hostIP") ?? "";
    if (containerPort === undefined) throw port.bad([], "has no containerPort");
    if (hostIp !== "" && isIP(hostIp) === 0) throw port.bad(["hostIP"], `is ${hostIp}, and no address`);
    if (hostNetwork && (hostPort ?? containerPort) !== containerPort)
      throw port.bad(["hostPort"], `is ${hostPort ?? 0}, and on the host's network it is the containerPort`);
    const published = hostNetwork ? containerPort : hostPort;
    return published === undefined ? [] : [{ hostPort: published, containerPort, protocol, hostIp }];
  });
}

function portNumber(port: Fields, name: string): number | undefined {
  const number = port.integer(name);
  if (number === undefined || number === 0) return undefined;
  if (number > 65535) throw port.bad([name], `is ${number}, and no port`);
  return number;
}

function readDns(spec: Fields): NonNullable<PodOptions["dns"]> {
  const policy = spec.word("dnsPolicy", ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]);
  if (policy === "ClusterFirst" || policy === "ClusterFirstWithHostNet") {
    if (spec.flag("hostNetwork") !== true || policy !== "ClusterFirst")
      spec.leave("the cluster's DNS is not known here, and the pod gets the node's", "dnsPolicy");
  }
  const config = spec.object("dnsConfig");
  const servers = config?.texts("nameservers") ?? [];
  if (policy === "None" && servers.length === 0)
    throw spec.bad(["dnsPolicy"], "is None, and dnsConfig names no nameservers");
  const options = (config?.objects("options") ?? []).map((option) => {
    const value = option.text("value") ?? "";
    return value === "" ? option.requiredText("name") : `${option.requiredText("name")}:${value}`;
  });
  return { servers, searches: config?.texts("searches") ?? [], options, apart: policy === "None" };
}
