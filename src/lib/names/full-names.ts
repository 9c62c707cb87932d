import { KpodError } from "../errors";

/** The parts of which CRI-O makes the full name of a pod. */
export interface PodNameParts {
  name: string;
  namespace: string;
  uid: string;
  attempt: number;
}

/** The full name of a pod, as CRI-O and the kubelet build it: `k8s_POD_NAMESPACE_UID_ATTEMPT`. */
export function podFullName({ name, namespace, uid, attempt }: PodNameParts): string {
  return `k8s_${name}_${namespace}_${uid}_${attempt}`;
}

/** The full name of a container in a pod: `k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT`. */
export function containerFullName(container: string, pod: PodNameParts, attempt: number): string {
  return `k8s_${container}_${pod.name}_${pod.namespace}_${pod.uid}_${attempt}`;
}

/** The name that stands for the container in the full name of an infra container. */
export const infraContainerName = "POD";

/** What CRI-O's names of pods and containers hold. */
export interface NameParts {
  /** Of the container; undefined for the infra container of a pod. */
  container: string | undefined;
  pod: string;
  namespace: string;
  uid: string;
  /** Of the container, or of the pod in the names of its infra container. */
  attempt: number;
}

/** Takes a full name apart: `k8s_CTR_POD_NS_UID_ATTEMPT`, `k8s_POD_POD_NS_UID_ATTEMPT` or `k8s_POD_NS_UID_ATTEMPT`. */
export function namePartsOf(fullName: string): NameParts | undefined {
  const parts = /^k8s_(?:([^_]+)_)?([^_]+)_([^_]+)_([^_]+)_(\d+)$/.exec(fullName);
  if (parts === null) return undefined;
  const [, first, pod = "", namespace = "", uid = "", attempt] = parts;
  const container = first === infraContainerName ? undefined : first;
  return { container, pod, namespace, uid, attempt: Number(attempt) };
}

/**
 * Checks a name that a user gives to a pod or container.
 * @throws KpodError BAD_ARGUMENT
 */
export function checkName(kind: string, name: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name) && name.length <= 253) return name;
  throw new KpodError("BAD_ARGUMENT", `invalid ${kind} name ${JSON.stringify(name)}`, {
    hint: "a name begins with a letter or digit, and goes on with letters, digits, '_', '.' and '-'",
  });
}
