import { readFileSync } from "node:fs";
import { join } from "node:path";
import { permittedOomScore } from "../../src/lib/launch/spec";
import type { Container } from "../../src/lib/oci/container";
import type { Spec } from "../../src/lib/oci/spec";
import { capturedSpecs, differences, ownSpecs, type CrioSpec } from "../helpers/crio-specs";
import { useNode } from "../helpers/node";

const node = useNode();
let specs: Record<CrioSpec["kind"], Spec>;

beforeAll(async () => {
  const pod = await node.pod("shop");
  const web = await node.create(pod, "web", "sleep 1000");
  const specOf = ({ dir }: Container): Spec =>
    JSON.parse(readFileSync(join(dir, "config.json"), "utf8")) as Spec;
  specs = { container: specOf(web), infra: specOf(pod.infraContainer) };
}, 120_000);

/** A difference between what CRI-O writes and what kpod writes, and why there is one. */
interface Difference {
  readonly key: RegExp;
  readonly why: string;
  /** Of which versions and kinds; default all. */
  readonly of?: readonly string[];
}

const any = ["1.0.0", "1.26.4", "1.36.3", "1.36"];
const both = (version: string): string[] => [`${version} container`, `${version} infra`];

const explained: readonly Difference[] = [
  { key: /^ociVersion$/, why: "the newest that the runtimes of old nodes accept too" },
  { key: /^mounts\[\/etc\/hosts\]/, why: "the kubelet mounts it; without one kpod does" },
  {
    key: /^mounts\[\/etc\/hostname\]\.options$/,
    why: "mounted nodev, noexec, nosuid as /etc/resolv.conf is",
    of: [...any.map((version) => `${version} container`), "1.0.0 infra"],
  },
  {
    key: /^linux\.(masked|readonly)Paths$/,
    why: "the kubelet asks CRI-O for them, and for none for infra containers; kpod has no kubelet and hides more",
    of: any.flatMap(both),
  },
  {
    key: /^linux\.seccomp\.syscalls$/,
    why: "the rules are of the profile that is installed on the node",
    of: any.flatMap(both),
  },
  {
    key: /^linux\.seccomp\.(defaultAction|defaultErrnoRet|architectures)$/,
    why: "captured without a profile in the request, which CRI-O takes for unconfined; kpod confines always",
    of: ["1.0.0 container", ...both("1.36.3")],
  },
  {
    key: /^linux\.seccomp\.defaultErrnoRet$/,
    why: "profiles had no such key then",
    of: ["1.0.0 infra"],
  },
  {
    key: /^linux\.resources\.pids\.limit$/,
    why: "CRI-O 1.0 had a default of 1024; newer ones write -1 for none, which not every crun takes: kpod leaves it out",
    of: any.map((version) => `${version} container`),
  },
  {
    key: /^linux\.resources\.cpu\.shares$/,
    why: "the request had some",
    of: ["1.26.4 container", "1.36.3 container"],
  },
  {
    key: /^process\.oomScoreAdj$/,
    why: "the request had one",
    of: ["1.26.4 container", "1.36.3 container"],
  },
  // What CRI-O 1.0 granted and newer ones do not: kpod grants what the newer ones do.
  {
    key: /^process\.capabilities\./,
    why: "NET_RAW, MKNOD and others, also inheritable and ambient, newer ones grant no more",
    of: both("1.0.0"),
  },
  { key: /^mounts\[\/proc\]\.options$/, why: "newer ones confine it", of: both("1.0.0") },
  { key: /^mounts\[\/etc\/resolv\.conf\]\.options$/, why: "newer ones confine it", of: both("1.0.0") },
  { key: /^mounts\[\/dev\/shm\]/, why: "one for all of the pod, as in newer ones", of: ["1.0.0 infra"] },
  { key: /^mounts\[\/run\/\.containerenv\]/, why: "CRI-O has it since 1.23", of: ["1.0.0 container"] },
  { key: /^linux\.namespaces\[(ipc|uts)\]$/, why: "CRI-O pins them since 1.18", of: both("1.0.0") },
  { key: /^process\.rlimits$/, why: "newer ones set none", of: ["1.0.0 infra"] },
  {
    key: /^process\.user\.additionalGids$/,
    why: "the groups of root in the image's /etc/group",
    of: ["1.0.0 container"],
  },
];

const lesserNode: readonly Difference[] = [
  {
    key: /^process\.oomScoreAdj$/,
    why: "a node on which kpod may not lower it",
    of: any.map((v) => `${v} infra`),
  },
];

const cases = [...ownSpecs, ...capturedSpecs()].map((each) => ({
  ...each,
  name: `${each.version} ${each.kind}`,
}));

test.each(cases)(
  "the spec of CRI-O $name differs in nothing but what is explained",
  ({ name, spec, kind }) => {
    const reasons = permittedOomScore(-998) === -998 ? explained : [...explained, ...lesserNode];
    const unexplained = [...differences(spec, specs[kind])].filter(
      ([key]) => !reasons.some((reason) => reason.key.test(key) && (reason.of ?? [name]).includes(name)),
    );
    expect(unexplained).toEqual([]);
  },
);

test("no explanation is for a difference that there is not", () => {
  const found = cases.map(({ name, spec, kind }) => ({
    name,
    keys: [...differences(spec, specs[kind]).keys()],
  }));
  const idle = explained.flatMap(({ key, why, of }) =>
    (of ?? [])
      .filter((wanted) =>
        found.some(({ name, keys }) => name === wanted && !keys.some((each) => key.test(each))),
      )
      .map((name) => `${name}: ${why}`),
  );
  expect(idle).toEqual([]);
});

const captured = capturedSpecs().length > 0 ? test : test.skip;
// Without the variable KPOD_CRIO_DATA only the specs that stand in this repository are compared.
captured("the captured specs of three versions were compared", () => {
  expect(new Set(cases.map(({ version }) => version))).toEqual(new Set(any));
});
